package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The header of a TPACKET_V3 block, from {@code <linux/if_packet.h>}:
 *
 * <pre>{@code
 * struct tpacket_block_desc {
 *   __u32 version;
 *   __u32 offset_to_priv;
 *   union { struct tpacket_hdr_v1 {
 *     __u32         block_status;
 *     __u32         num_pkts;
 *     __u32         offset_to_first_pkt;
 *     __u32         blk_len;
 *     __aligned_u64 seq_num;
 *     struct { __u32 ts_sec, ts_nsec; } ts_first_pkt, ts_last_pkt;
 *   } bh1; } hdr;
 * };
 * }</pre>
 *
 * <p>{@code block_status} is the lock between the kernel and its reader: read it with acquire
 * before anything else in the block, write it with release after everything else.
 */
public final class TpacketBlockDesc {
  public static final int BYTES = 48;

  /** The block is the kernel's to fill. */
  public static final int TP_STATUS_KERNEL = 0;

  /** The block is the reader's. */
  public static final int TP_STATUS_USER = 1;

  /** Set on blocks closed after a drop, until PACKET_STATISTICS is read. */
  public static final int TP_STATUS_LOSING = 4;

  static final long VERSION = 0;
  static final long OFFSET_TO_PRIV = 4;
  static final long BLOCK_STATUS = 8;
  static final long NUM_PKTS = 12;
  static final long OFFSET_TO_FIRST_PKT = 16;
  static final long BLK_LEN = 20;
  static final long SEQ_NUM = 24;

  private static final VarHandle STATUS = JAVA_INT.varHandle();

  private TpacketBlockDesc() {}

  /** {@code block_status}, with acquire: what the kernel wrote before it is visible after. */
  public static int statusAcquire(MemorySegment ring, long block) {
    return (int) STATUS.getAcquire(ring, block + BLOCK_STATUS);
  }

  /** Sets {@code block_status} with release: all that was read or written before stays before. */
  public static void setStatusRelease(MemorySegment ring, long block, int status) {
    STATUS.setRelease(ring, block + BLOCK_STATUS, status);
  }

  public static int status(MemorySegment ring, long block) {
    return ring.get(JAVA_INT, block + BLOCK_STATUS);
  }

  public static int numPkts(MemorySegment ring, long block) {
    return ring.get(JAVA_INT, block + NUM_PKTS);
  }

  /** Bytes from the block's start to its first {@link Tpacket3Hdr}. */
  public static int offsetToFirstPkt(MemorySegment ring, long block) {
    return ring.get(JAVA_INT, block + OFFSET_TO_FIRST_PKT);
  }

  /** Bytes of the block that are in use, this header included. */
  public static int blkLen(MemorySegment ring, long block) {
    return ring.get(JAVA_INT, block + BLK_LEN);
  }

  /**
   * Number of the block since the ring was made. It counts opened blocks, so it never shows loss.
   */
  public static long seqNum(MemorySegment ring, long block) {
    return ring.get(JAVA_LONG, block + SEQ_NUM);
  }

  /**
   * Writes a block header as the kernel does when it closes a block; the status stays untouched.
   */
  public static void write(
      MemorySegment ring, long block, int numPkts, int offsetToFirstPkt, int blkLen, long seqNum) {
    ring.set(JAVA_INT, block + VERSION, TpacketReq3.TPACKET_V3);
    ring.set(JAVA_INT, block + OFFSET_TO_PRIV, BYTES);
    ring.set(JAVA_INT, block + NUM_PKTS, numPkts);
    ring.set(JAVA_INT, block + OFFSET_TO_FIRST_PKT, offsetToFirstPkt);
    ring.set(JAVA_INT, block + BLK_LEN, blkLen);
    ring.set(JAVA_LONG, block + SEQ_NUM, seqNum);
  }
}
