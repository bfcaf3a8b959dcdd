package dev.ringtap.packet;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import java.lang.foreign.MemorySegment;

/** The link-layer header of {@link PacketHeaders} and the VLAN tags behind it. */
final class LinkHeader {
  private static final int ETHERNET_BYTES = 14;
  private static final int VLAN_TAG_BYTES = 4;

  /** More than any network uses; it bounds the work on a packet made of nothing else. */
  private static final int MAX_VLAN_TAGS = 8;

  /** No offset: not even of what lies before the packet, as the sender of a cooked frame does. */
  private static final int ABSENT = Integer.MIN_VALUE;

  private MemorySegment memory = MemorySegment.NULL;
  private long base;
  private int length;
  private int srcMacOffset;
  private int dstMacOffset;
  private int firstType;
  private int bodyOffset;
  private int vlanCount;
  private int etherType;

  void clear() {
    length = 0;
    srcMacOffset = ABSENT;
    dstMacOffset = ABSENT;
    firstType = ABSENT;
    bodyOffset = 0;
    vlanCount = 0;
    etherType = -1;
  }

  void parse(MemorySegment memory, long base, int length, int linkType) {
    clear();
    this.memory = memory;
    this.base = base;
    this.length = length;
    switch (linkType) {
      case LinkType.ETHERNET -> parseEthernet();
      case LinkType.LINUX_SLL -> parseCooked(16, 14, 2, 6);
      case LinkType.LINUX_SLL2 -> parseCooked(20, 0, 8, 12);
      case LinkType.RAW_IP -> parseRaw();
      default -> {
        return;
      }
    }
    parseTags();
  }

  /** A frame whose header the kernel took off and described beside it. */
  void parseCooked(Frame frame) {
    clear();
    memory = frame.memory();
    base = frame.dataOffset();
    length = frame.capturedLength();
    if (frame.senderAddressLength() == Wire.MAC_BYTES) {
      srcMacOffset = (int) (frame.senderAddressOffset() - base);
    }
    if (hasEtherType(frame.hardwareType())) {
      firstType = frame.protocol();
    }
    parseTags();
  }

  private void parseEthernet() {
    if (length >= ETHERNET_BYTES) {
      dstMacOffset = 0;
      srcMacOffset = Wire.MAC_BYTES;
      firstType = unsignedShort(2 * Wire.MAC_BYTES);
      bodyOffset = ETHERNET_BYTES;
    }
  }

  /** Linux "cooked" headers, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html. */
  private void parseCooked(int headerBytes, int type, int hardwareType, int address) {
    if (length < headerBytes) {
      return;
    }
    if (unsignedByte(address - 1) == Wire.MAC_BYTES) {
      srcMacOffset = address;
    }
    bodyOffset = headerBytes;
    if (hasEtherType(unsignedShort(hardwareType))) {
      firstType = unsignedShort(type);
    }
  }

  /** Not so under netlink, frame relay and radiotap: there the field means something else. */
  private static boolean hasEtherType(int hardwareType) {
    return hardwareType != 824 && hardwareType != 770 && hardwareType != 803;
  }

  private void parseRaw() {
    if (length > 0) {
      int version = unsignedByte(0) >>> 4;
      etherType = version == 4 ? EtherType.IPV4 : version == 6 ? EtherType.IPV6 : -1;
    }
  }

  private void parseTags() {
    if (firstType == ABSENT) {
      return;
    }
    int type = firstType;
    int at = bodyOffset;
    while (EtherType.isVlanTag(type)
        && vlanCount < MAX_VLAN_TAGS
        && at + VLAN_TAG_BYTES <= length) {
      type = unsignedShort(at + 2);
      at += VLAN_TAG_BYTES;
      vlanCount++;
    }
    etherType = type >= EtherType.FIRST ? type : -1;
  }

  int etherType() {
    return etherType;
  }

  int vlanCount() {
    return vlanCount;
  }

  int vlanTag(int index) {
    if (index < 0 || index >= vlanCount) {
      return 0;
    }
    int tag = bodyOffset + index * VLAN_TAG_BYTES;
    int tpid = index == 0 ? firstType : unsignedShort(tag - 2);
    return tpid << 16 | unsignedShort(tag);
  }

  /** Where the network layer begins, in bytes from the start of the packet. */
  int payloadOffset() {
    return bodyOffset + vlanCount * VLAN_TAG_BYTES;
  }

  /** The sender's address as a number, or -1. */
  long srcMac() {
    return srcMacOffset == ABSENT ? -1 : Wire.mac(memory, base + srcMacOffset);
  }

  /** The receiver's address as a number, or -1. */
  long dstMac() {
    return dstMacOffset == ABSENT ? -1 : Wire.mac(memory, base + dstMacOffset);
  }

  String srcMacText() {
    return text(srcMacOffset);
  }

  String dstMacText() {
    return text(dstMacOffset);
  }

  private String text(int offset) {
    if (offset == ABSENT) {
      return null;
    }
    StringBuilder text = new StringBuilder(17);
    Wire.appendMac(text, memory, base + offset, Wire.MAC_BYTES);
    return text.toString();
  }

  private int unsignedByte(int at) {
    return Wire.unsignedByte(memory, base + at);
  }

  private int unsignedShort(int at) {
    return Wire.unsignedShort(memory, base + at);
  }
}
