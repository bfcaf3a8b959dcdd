package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The request that makes a ring, from {@code <linux/if_packet.h>}:
 *
 * <pre>{@code
 * struct tpacket_req3 {
 *   unsigned int tp_block_size;
 *   unsigned int tp_block_nr;
 *   unsigned int tp_frame_size;
 *   unsigned int tp_frame_nr;
 *   unsigned int tp_retire_blk_tov;   // milliseconds
 *   unsigned int tp_sizeof_priv;
 *   unsigned int tp_feature_req_word;
 * };
 * }</pre>
 */
public final class TpacketReq3 {
  public static final int BYTES = 28;

  /** Value of the PACKET_VERSION option. */
  public static final int TPACKET_V3 = 2;

  /**
   * The kernel wants a frame size that divides the block and then, under V3, does not use it:
   * frames lie after one another at their own lengths.
   */
  private static final int FRAME_SIZE = 2048;

  static final long TP_BLOCK_SIZE = 0;
  static final long TP_BLOCK_NR = 4;
  static final long TP_FRAME_SIZE = 8;
  static final long TP_FRAME_NR = 12;
  static final long TP_RETIRE_BLK_TOV = 16;
  static final long TP_SIZEOF_PRIV = 20;
  static final long TP_FEATURE_REQ_WORD = 24;

  private TpacketReq3() {}

  public static void write(
      MemorySegment request, int blockSizeBytes, int blockCount, int retireTimeoutMillis) {
    request.fill((byte) 0);
    request.set(JAVA_INT, TP_BLOCK_SIZE, blockSizeBytes);
    request.set(JAVA_INT, TP_BLOCK_NR, blockCount);
    request.set(JAVA_INT, TP_FRAME_SIZE, FRAME_SIZE);
    request.set(JAVA_INT, TP_FRAME_NR, blockSizeBytes / FRAME_SIZE * blockCount);
    request.set(JAVA_INT, TP_RETIRE_BLK_TOV, retireTimeoutMillis);
  }
}
