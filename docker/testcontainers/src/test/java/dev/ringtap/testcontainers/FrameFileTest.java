package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class FrameFileTest {
  private static final int FRAMES = 10;

  /** Frames from 1 byte of data on, tagged with their number. */
  private static byte[] frame(int number) {
    byte[] datagram = Packets.udp("10.0.0.1", 1, "10.0.0.2", 2, new byte[number]);
    return Packets.tag(Packets.ethernet(datagram), 0x8100, number);
  }

  private static byte[] capture() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (BlockBuilder builder = new BlockBuilder(1 << 20);
        PcapngWriter writer = new PcapngWriter(Channels.newChannel(bytes))) {
      builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, 262_144);
      for (int i = 1; i <= FRAMES; i++) {
        byte[] frame = frame(i);
        MemorySegment memory = MemorySegment.ofArray(frame);
        builder.append(i, frame.length, PacketType.OUTGOING, 0, memory, 0, frame.length);
      }
      try (Block block = builder.build(0, 0)) {
        for (Frame frame = block.next(); frame != null; frame = block.next()) {
          writer.write(frame);
        }
      }
    }
    return bytes.toByteArray();
  }

  @Test
  void readsAGrowingFileAsFarAsItGoes() throws IOException {
    byte[] whole = capture();
    try (FrameFile file = new FrameFile()) {
      int before = 0;
      // every length: nothing begins or ends where a block does
      for (int length = 28; length <= whole.length; length++) {
        file.update(new ByteArrayInputStream(Arrays.copyOf(whole, length)));
        assertThat(file.packets()).hasSizeBetween(before, before + 1);
        before = file.packets().size();
      }
      List<Packet> packets = file.packets();
      assertThat(packets).hasSize(FRAMES);
      for (int i = 1; i <= FRAMES; i++) {
        Packet packet = packets.get(i - 1);
        assertThat(packet.getSequence()).isEqualTo(i - 1);
        assertThat(packet.getVlan().getId()).isEqualTo(i);
        assertThat(packet.getPayload().array()).isEqualTo(frame(i));
      }
    }
  }

  @Test
  void packetsRemainAfterItsEnd() throws IOException {
    FrameFile file = new FrameFile();
    file.update(new ByteArrayInputStream(capture()));
    file.close();
    assertThat(file.packets()).hasSize(FRAMES);
  }
}
