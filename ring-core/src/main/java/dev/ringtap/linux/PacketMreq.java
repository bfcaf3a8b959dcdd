package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * A membership of a packet socket, from {@code <linux/if_packet.h>}; it ends with the socket:
 *
 * <pre>{@code
 * struct packet_mreq {
 *   int            mr_ifindex;
 *   unsigned short mr_type;
 *   unsigned short mr_alen;
 *   unsigned char  mr_address[8];
 * };
 * }</pre>
 */
final class PacketMreq {
  static final int BYTES = 16;
  static final int PACKET_MR_PROMISC = 1;

  static final long MR_IFINDEX = 0;
  static final long MR_TYPE = 4;

  private PacketMreq() {}

  static void writePromiscuous(MemorySegment request, int ifindex) {
    request.set(JAVA_INT, MR_IFINDEX, ifindex);
    request.set(JAVA_SHORT, MR_TYPE, (short) PACKET_MR_PROMISC);
  }
}
