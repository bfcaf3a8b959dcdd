package dev.ringtap.kafka.agent;

import dev.ringtap.capture.LinkType;
import dev.ringtap.packet.EtherType;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.IpProtocol;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.BlockEncoder;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads {@link FlowKey}s from encoded records: those of TCP and UDP over IPv4 at once, which most
 * are, the others by {@link PacketHeaders}. For one thread.
 */
final class FlowKeys {
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private static final int ETHERNET_BYTES = 14;
  private static final int TAG_BYTES = 4;

  /** Version 4, no options. */
  private static final byte PLAIN_IPV4 = 0x45;

  private static final int IPV4_BYTES = 20;
  private static final int PORTS_BYTES = 4;

  /** More fragments, and the offset of this one. */
  private static final int FRAGMENT = 0x3FFF;

  private final PacketHeaders headers = new PacketHeaders();
  private byte[] bytes = {};
  private MemorySegment memory = MemorySegment.ofArray(bytes);

  long of(BlockEncoder run, int record) {
    byte[] from = run.bytes();
    int at = run.payloadStart(record);
    int end = run.end(record);
    if (run.linkType(record) == LinkType.ETHERNET
        && end - at >= ETHERNET_BYTES + TAG_BYTES + IPV4_BYTES + PORTS_BYTES) {
      int ip = at + ETHERNET_BYTES;
      int etherType = unsignedShort(from, ip - Short.BYTES);
      if (etherType == EtherType.VLAN) {
        ip += TAG_BYTES;
        etherType = unsignedShort(from, ip - Short.BYTES);
      }
      int protocol = from[ip + 9];
      if (etherType == EtherType.IPV4
          && from[ip] == PLAIN_IPV4
          && (unsignedShort(from, ip + 6) & FRAGMENT) == 0
          && unsignedShort(from, ip + 2) >= IPV4_BYTES + PORTS_BYTES
          && (protocol == IpProtocol.TCP || protocol == IpProtocol.UDP)) {
        return FlowKey.ofIpv4(
            (int) INTS.get(from, ip + 12),
            unsignedShort(from, ip + IPV4_BYTES),
            (int) INTS.get(from, ip + 16),
            unsignedShort(from, ip + IPV4_BYTES + Short.BYTES),
            protocol);
      }
    }
    return parsed(from, at, end - at, run.linkType(record));
  }

  private static int unsignedShort(byte[] from, int at) {
    return Short.toUnsignedInt((short) SHORTS.get(from, at));
  }

  private long parsed(byte[] from, int at, int length, int linkType) {
    if (from != bytes) {
      bytes = from;
      memory = MemorySegment.ofArray(from);
    }
    return FlowKey.of(headers.parse(memory, at, length, linkType));
  }
}
