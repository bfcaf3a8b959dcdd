package dev.ringtap.packet;

import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A packet of any bytes: its headers are read and its line written, nothing throws, no byte outside
 * of it is read, and the line holds nothing but visible characters. The first byte chooses the link
 * type, the next two the length on the wire.
 */
public final class HeadersFuzzTest extends FuzzTest {
  private static final int PREFIX_BYTES = 3;
  private static final int AROUND = 128;
  private static final int[] LINK_TYPES = {
    LinkType.ETHERNET, LinkType.RAW_IP, LinkType.LINUX_SLL, LinkType.LINUX_SLL2, 105
  };

  /** What stands in a line for each byte of the packet, and for a packet of none. */
  private static final int MOST_CHARACTERS_PER_BYTE = 64;

  private static final PacketLine LINE = new PacketLine();

  public HeadersFuzzTest() {
    super(HeadersFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    byte[] prefix = Arrays.copyOf(input, PREFIX_BYTES);
    int linkType = LINK_TYPES[Byte.toUnsignedInt(prefix[0]) % LINK_TYPES.length];
    byte[] packet =
        Arrays.copyOfRange(
            input, Math.min(PREFIX_BYTES, input.length), Math.max(PREFIX_BYTES, input.length));
    int more = prefix[1] << 8 | Byte.toUnsignedInt(prefix[2]);
    List<Object> seen = read(packet, more, linkType, (byte) 0);
    if (!seen.equals(read(packet, more, linkType, (byte) 0xFF))) {
      throw new AssertionError("bytes outside of the packet were read");
    }
    String line = seen.get(0).toString();
    if (!line.chars().allMatch(c -> c >= ' ' && c < 0x7F)
        || line.length() > MOST_CHARACTERS_PER_BYTE * (packet.length + PREFIX_BYTES)) {
      throw new AssertionError(line);
    }
  }

  private static List<Object> read(byte[] packet, int more, int linkType, byte around) {
    byte[] bytes = new byte[AROUND + packet.length + AROUND];
    Arrays.fill(bytes, around);
    System.arraycopy(packet, 0, bytes, AROUND, packet.length);
    MemorySegment memory = MemorySegment.ofArray(bytes);
    PacketHeaders headers = new PacketHeaders();
    List<Object> seen = new ArrayList<>();
    int length = packet.length;
    seen.add(
        LINE.format(0, "eth0", PacketType.HOST, length + more, linkType, memory, AROUND, length));
    seen.addAll(all(headers.parse(memory, AROUND, length, linkType)));
    return seen;
  }

  /** Everything that the headers tell. */
  static List<Object> all(PacketHeaders headers) {
    List<Object> values = new ArrayList<>(29);
    values.add(headers.etherType());
    values.add(headers.vlanCount());
    for (int i = 0; i < headers.vlanCount(); i++) {
      values.add(headers.vlanTag(i));
    }
    values.add(headers.ipVersion());
    values.add(headers.ipProtocol());
    values.add(headers.isFragment());
    values.add(headers.fragmentOffset());
    values.add(headers.srcPort());
    values.add(headers.dstPort());
    values.add(headers.tcpFlags());
    values.add(headers.ttl());
    values.add(headers.tcpSequence());
    values.add(headers.tcpAcknowledgment());
    values.add(headers.tcpWindow());
    values.add(headers.payload() == null ? -1 : Arrays.hashCode(headers.payload()));
    values.add(headers.payloadLength());
    values.add(headers.payloadOffset());
    values.add(headers.icmpType());
    values.add(headers.icmpCode());
    values.add(headers.icmpEchoIdentifier());
    values.add(headers.arpOperation());
    values.add(headers.ethSrc());
    values.add(headers.ethDst());
    values.add(headers.ipSrc());
    values.add(headers.ipDst());
    values.add(FlowKey.of(headers));
    values.add(headers.fragmentIdentification());
    values.add(headers.ipOffset());
    values.add(headers.ipLength());
    values.add(headers.ipSrcUpper());
    values.add(headers.ipSrcLower());
    values.add(headers.ipDstUpper());
    values.add(headers.ipDstLower());
    values.add(headers.tcpWindow());
    return values;
  }
}
