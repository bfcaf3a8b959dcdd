package dev.ringtap.record;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.testkit.FuzzTest;
import dev.ringtap.testkit.PacketBatches;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;

/**
 * A record of any bytes after the header of a known schema, which the first byte chooses: packets,
 * or one exception. What comes out takes no more memory than the record lets expect.
 */
public final class RecordsFuzzTest extends FuzzTest {
  private static final List<Schema> SCHEMAS = schemas();
  private static final PacketRecords RECORDS = new PacketRecords();
  private static final RecordFrames FRAMES =
      new RecordFrames(null, CaptureOption.MAX_SNAP_LENGTH_BYTES);

  static {
    SCHEMAS.forEach(RECORDS::addSchema);
    SCHEMAS.forEach(FRAMES::addSchema);
  }

  public RecordsFuzzTest() {
    super(RecordsFuzzTest::fuzzerTestOneInput);
  }

  /** Those of this version and of the first. */
  private static List<Schema> schemas() {
    Schema.Parser parser = new Schema.Parser();
    try (InputStream packet = RecordsFuzzTest.class.getResourceAsStream("Packet-1.avsc");
        InputStream batch = RecordsFuzzTest.class.getResourceAsStream("PacketBatch-1.avsc")) {
      return List.of(
          Packet.getClassSchema(),
          PacketBatch.getClassSchema(),
          parser.parse(packet),
          parser.parse(batch));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The payloads of a value's frames, or null if it has none. */
  private static List<byte[]> frames(byte[] value) {
    List<byte[]> payloads = new ArrayList<>();
    try {
      FRAMES.read(value, frame -> payloads.add(frame.payload()));
      return payloads;
    } catch (IOException e) {
      return null;
    }
  }

  private static void compare(List<Packet> packets, List<byte[]> payloads) {
    if (packets.size() != payloads.size()) {
      throw new AssertionError(packets.size() + " packets, " + payloads.size() + " frames");
    }
    for (int i = 0; i < packets.size(); i++) {
      if (!packets.get(i).getPayload().equals(ByteBuffer.wrap(payloads.get(i)))) {
        throw new AssertionError("another payload of packet " + i);
      }
    }
  }

  /** A packet is more than any frame can be: of another century, or with a tag of no 802.1Q. */
  private static boolean mayBeFrame(Packet packet) {
    Vlan vlan = packet.getVlan();
    long seconds = packet.getTimestamp().getEpochSecond();
    return seconds >= 0
        && seconds <= 0xFFFF_FFFFL
        && (vlan == null
            || vlan.getTpid() >>> 16 == 0
                && vlan.getId() >>> 12 == 0
                && vlan.getPriority() >>> 3 == 0);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    int which = Byte.toUnsignedInt(input[0]) % (SCHEMAS.size() + 1);
    byte[] value = Arrays.copyOfRange(input, 1, input.length);
    if (which < SCHEMAS.size()) {
      byte[] header = PacketEncoder.singleObjectHeader(SCHEMAS.get(which));
      value = Arrays.copyOf(header, header.length + input.length - 1);
      System.arraycopy(input, 1, value, header.length, input.length - 1);
    }
    List<Packet> packets;
    try {
      packets = RECORDS.read(value);
    } catch (IOException e) {
      if (frames(value) != null) {
        throw new AssertionError("frames of a value that has no packets", e);
      }
      return;
    }
    List<byte[]> frames = frames(value);
    if (frames != null) {
      compare(packets, frames);
    } else if (packets.stream().allMatch(RecordsFuzzTest::mayBeFrame)) {
      throw new AssertionError("packets, and no frames");
    }
    long bytes = 0;
    for (Packet packet : packets) {
      bytes += packet.getPayload().remaining() + packet.getInterfaceName().length();
    }
    if (bytes > value.length || packets.size() > value.length) {
      throw new AssertionError(packets.size() + " packets of " + value.length + " bytes");
    }
    if (packets.isEmpty()) {
      return;
    }
    if (packets.stream().anyMatch(packet -> packet.getTimestamp().getEpochSecond() < 0)) {
      // Avro 1.12.1 writes times before 1970 wrong, by 999 µs
      return;
    }
    try {
      byte[] again = PacketRecordsTest.bytes(PacketBatches.of(packets).toByteBuffer());
      if (!RECORDS.read(again).equals(packets)) {
        throw new AssertionError("other packets when read again");
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
