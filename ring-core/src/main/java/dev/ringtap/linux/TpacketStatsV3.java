package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The answer to PACKET_STATISTICS, from {@code <linux/if_packet.h>}; reading it clears it:
 *
 * <pre>{@code
 * struct tpacket_stats_v3 {
 *   unsigned int tp_packets;        // frames that passed the filter, the dropped ones included
 *   unsigned int tp_drops;
 *   unsigned int tp_freeze_q_cnt;
 * };
 * }</pre>
 *
 * @param packets frames since the last read, unsigned 32 bits
 * @param drops dropped ones among them
 * @param freezes how often the ring was full
 */
public record TpacketStatsV3(long packets, long drops, long freezes) {
  static final int BYTES = 12;

  static final long TP_PACKETS = 0;
  static final long TP_DROPS = 4;
  static final long TP_FREEZE_Q_CNT = 8;

  static TpacketStatsV3 read(MemorySegment stats) {
    return new TpacketStatsV3(
        Integer.toUnsignedLong(stats.get(JAVA_INT, TP_PACKETS)),
        Integer.toUnsignedLong(stats.get(JAVA_INT, TP_DROPS)),
        Integer.toUnsignedLong(stats.get(JAVA_INT, TP_FREEZE_Q_CNT)));
  }
}
