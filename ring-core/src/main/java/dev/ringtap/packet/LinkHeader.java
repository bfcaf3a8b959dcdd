package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;

/** The link-layer header of {@link PacketHeaders} and the VLAN tags after it. */
final class LinkHeader {
  private static final int ETHERNET_BYTES = 14;
  private static final int VLAN_TAG_BYTES = 4;

  /** More than any network uses; it bounds the work on a packet made of nothing else. */
  private static final int MAX_VLAN_TAGS = 8;

  private static final int ABSENT = -1;

  private final ByteView bytes;
  private int length;
  private int srcMacOffset;
  private int dstMacOffset;

  /** The sender's address where it does not lie among the bytes, or ABSENT. */
  private long cookedSender;

  private int firstType;
  private int bodyOffset;
  private int vlanCount;
  private int etherType;

  LinkHeader(ByteView bytes) {
    this.bytes = bytes;
  }

  void clear() {
    length = 0;
    srcMacOffset = ABSENT;
    dstMacOffset = ABSENT;
    cookedSender = ABSENT;
    firstType = ABSENT;
    bodyOffset = 0;
    vlanCount = 0;
    etherType = -1;
  }

  void parse(int linkType) {
    clear();
    length = bytes.length();
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
    length = bytes.length();
    if (frame.senderAddressLength() == NetworkBytes.MAC_BYTES) {
      cookedSender = frame.senderAddress() >>> 16;
    }
    if (hasEtherType(frame.hardwareType())) {
      firstType = frame.protocol();
    }
    parseTags();
  }

  private void parseEthernet() {
    if (length >= ETHERNET_BYTES) {
      dstMacOffset = 0;
      srcMacOffset = NetworkBytes.MAC_BYTES;
      firstType = unsignedShort(2 * NetworkBytes.MAC_BYTES);
      bodyOffset = ETHERNET_BYTES;
    }
  }

  /** Linux "cooked" headers, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html. */
  private void parseCooked(int headerBytes, int type, int hardwareType, int address) {
    if (length < headerBytes) {
      return;
    }
    if (unsignedByte(address - 1) == NetworkBytes.MAC_BYTES) {
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
    return srcMacOffset == ABSENT ? cookedSender : NetworkBytes.mac(bytes, srcMacOffset);
  }

  /** The receiver's address as a number, or -1. */
  long dstMac() {
    return dstMacOffset == ABSENT ? ABSENT : NetworkBytes.mac(bytes, dstMacOffset);
  }

  private int unsignedByte(int at) {
    return bytes.unsignedByte(at);
  }

  private int unsignedShort(int at) {
    return bytes.unsignedShort(at);
  }
}
