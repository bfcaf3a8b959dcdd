package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CookedFrames;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records of link types without a header of their own, held against Avro's decoder. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class CookedEncoderTest {
  private static final int SNAP_LENGTH = 262_144;
  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_PPP = 512;
  private static final long SENDER = 0x02AABBCCDDEE0000L;

  private final PacketEncoder encoder = PacketEncoder.singleObject();

  private Packet encode(Block block) throws IOException {
    Frame frame = block.next();
    byte[] bytes = encoder.encode(frame);
    Packet packet = Packet.getDecoder().decode(bytes);
    assertThat(ByteBuffer.wrap(bytes)).isEqualTo(packet.toByteBuffer());
    byte[] buffer = new byte[encoder.maxEncodedLength(frame) + 3];
    int end = encoder.encode(frame, buffer, 3);
    assertThat(Arrays.copyOfRange(buffer, 3, end)).isEqualTo(bytes);
    return packet;
  }

  private static byte[] packet(int length) {
    byte[] packet = new byte[length];
    new Random(length).nextBytes(packet);
    return packet;
  }

  private static byte[] joined(String header, byte[] packet) {
    byte[] bytes = HexFormat.of().parseHex(header.replace(" ", ""));
    byte[] all = Arrays.copyOf(bytes, bytes.length + packet.length);
    System.arraycopy(packet, 0, all, bytes.length, packet.length);
    return all;
  }

  private void check(
      int linkType, int snapLength, int protocol, int tag, byte[] inRing, byte[] whole)
      throws IOException {
    try (BlockBuilder builder =
            CookedFrames.builder(
                linkType, snapLength, protocol, 7, ARPHRD_PPP, 6, SENDER, tag, inRing);
        Block block = builder.build(0, 0)) {
      Packet packet = encode(block);
      assertThat(packet.getLinkType()).isEqualTo(linkType);
      assertThat(packet.getOriginalLength()).isEqualTo(whole.length);
      byte[] payload = Arrays.copyOf(whole, Math.min(whole.length, snapLength));
      assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(payload));
      assertThat(packet.getVlan())
          .isEqualTo(tag == 0 ? null : new Vlan(tag >>> 16, tag & 0xFFF, tag >>> 13 & 7, false));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 14, 60, 1500, 65_536})
  void sll(int length) throws IOException {
    byte[] packet = packet(length);
    String header = "0004 0200 0006 02AABBCCDDEE0000 0800";
    check(LinkType.LINUX_SLL, SNAP_LENGTH, 0x0800, 0, packet, joined(header, packet));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 14, 60, 1500, 65_536})
  void sll2(int length) throws IOException {
    byte[] packet = packet(length);
    String header = "86DD 0000 00000007 0200 04 06 02AABBCCDDEE0000";
    check(LinkType.LINUX_SLL2, SNAP_LENGTH, 0x86DD, 0, packet, joined(header, packet));
  }

  /** Where libpcap puts it: before SLL's protocol, and nowhere when fewer than 14 bytes follow. */
  @ParameterizedTest
  @ValueSource(ints = {14, 60, 1500})
  void strippedTagGoesBackIntoSll(int length) throws IOException {
    byte[] packet = packet(length);
    String header = "0004 0200 0006 02AABBCCDDEE0000 88A8A064 0800";
    check(LinkType.LINUX_SLL, SNAP_LENGTH, 0x0800, 0x88A8A064, packet, joined(header, packet));
    String untagged = "0004 0200 0006 02AABBCCDDEE0000 0800";
    byte[] shorter = packet(13);
    check(LinkType.LINUX_SLL, SNAP_LENGTH, 0x0800, 0x88A8A064, shorter, joined(untagged, shorter));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 13, 60, 1500})
  void strippedTagStaysOutOfSll2AndNetlink(int length) throws IOException {
    byte[] packet = packet(length);
    String sll2 = "0800 0000 00000007 0200 04 06 02AABBCCDDEE0000";
    check(LinkType.LINUX_SLL2, SNAP_LENGTH, 0x0800, 0x81000064, packet, joined(sll2, packet));
    String sll = "0004 0200 0006 02AABBCCDDEE0000 0800";
    check(LinkType.NETLINK, SNAP_LENGTH, 0x0800, 0x81000064, packet, joined(sll, packet));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 13, 14, 15, 16, 17, 19, 20, 21, 22, 60, 75})
  void snapLengthCountsTheHeader(int snapLength) throws IOException {
    byte[] packet = packet(60);
    String sll = "0004 0200 0006 02AABBCCDDEE0000 8100A064 0800";
    check(LinkType.LINUX_SLL, snapLength, 0x0800, 0x8100A064, packet, joined(sll, packet));
    String sll2 = "0800 0000 00000007 0200 04 06 02AABBCCDDEE0000";
    check(LinkType.LINUX_SLL2, snapLength, 0x0800, 0, packet, joined(sll2, packet));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 12, 20, 1500})
  void strippedTagStaysOutOfRawIp(int length) throws IOException {
    byte[] packet = packet(length);
    try (BlockBuilder builder = new BlockBuilder(4096)) {
      builder.start(CaptureId.on("tun0"), LinkType.RAW_IP, SNAP_LENGTH);
      MemorySegment bytes = MemorySegment.ofArray(packet);
      builder.append(1, length, PacketType.HOST, 0x81000064, bytes, 0, length);
      try (Block block = builder.build(0, 0)) {
        Packet decoded = encode(block);
        assertThat(decoded.getLinkType()).isEqualTo(LinkType.RAW_IP);
        assertThat(decoded.getPayload()).isEqualTo(ByteBuffer.wrap(packet));
        assertThat(decoded.getOriginalLength()).isEqualTo(length);
        assertThat(decoded.getVlan()).isEqualTo(new Vlan(0x8100, 100, 0, false));
      }
    }
  }

  /** The key of a frame in the ring is that of its payload, which others may compute. */
  @Test
  void headersAreFoundInTheRingAsInThePayload() {
    byte[] tagged = packet(100);
    ByteBuffer.wrap(tagged)
        .putInt(0x00640800)
        .putInt(4, 0x45000060)
        .putInt(8, 0)
        .putInt(12, 0x40110000);
    byte[] udp = Arrays.copyOfRange(tagged, 4, 100);
    byte[] arp = packet(28);
    for (int linkType : new int[] {LinkType.LINUX_SLL, LinkType.LINUX_SLL2}) {
      for (int protocol : new int[] {0x0800, 0x8100, 0x0806, 0x0004}) {
        byte[] inRing = protocol == 0x0800 ? udp : protocol == 0x8100 ? tagged : arp;
        for (int haLen : new int[] {0, 6}) {
          try (BlockBuilder builder =
                  CookedFrames.builder(
                      linkType, SNAP_LENGTH, protocol, 3, ARPHRD_ETHER, haLen, SENDER, 0, inRing);
              Block block = builder.build(0, 0)) {
            Frame frame = block.next();
            PacketHeaders ring = new PacketHeaders().parse(frame);
            byte[] payload = frame.payload();
            PacketHeaders copy =
                new PacketHeaders()
                    .parse(MemorySegment.ofArray(payload), 0, payload.length, linkType);
            assertThat(ring.etherType()).isEqualTo(copy.etherType());
            assertThat(ring.srcPort()).isEqualTo(copy.srcPort());
            assertThat(ring.vlanTag(0)).isEqualTo(copy.vlanTag(0)).isEqualTo(frame.vlanTag());
            assertThat(FlowKey.of(ring)).isEqualTo(FlowKey.of(copy));
            assertThat(ring.dstPort() >= 0).isEqualTo(inRing != arp);
          }
        }
      }
    }
  }
}
