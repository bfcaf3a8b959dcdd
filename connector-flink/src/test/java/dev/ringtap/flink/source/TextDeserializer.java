package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;

/** The text after a frame's Ethernet header. */
final class TextDeserializer implements PacketDeserializer<String> {
  private static final long serialVersionUID = 1;
  private static final int HEADER_BYTES = 14;

  @Override
  public String deserialize(Frame frame) {
    byte[] bytes = frame.payload();
    return new String(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, StandardCharsets.UTF_8)
        .strip();
  }

  @Override
  public TypeInformation<String> getProducedType() {
    return Types.STRING;
  }

  static byte[] frame(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    byte[] frame = new byte[Math.max(60, HEADER_BYTES + utf8.length)];
    Arrays.fill(frame, (byte) ' ');
    frame[0] = 2;
    frame[12] = (byte) 0x88;
    frame[13] = (byte) 0xB5;
    System.arraycopy(utf8, 0, frame, HEADER_BYTES, utf8.length);
    return frame;
  }
}
