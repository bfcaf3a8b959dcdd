package dev.ringtap.filter;

/**
 * The numbers of classic BPF: operation codes, and the offsets from which a program loads what is
 * not among the frame's bytes as the socket sees them. Sources: {@code <linux/bpf_common.h>} and
 * {@code <linux/filter.h>}.
 *
 * <p>In the names of operations A is the accumulator, X the index register, K the instruction's own
 * operand; W, H and B are loads of 4, 2 and 1 bytes.
 */
public final class Bpf {
  /** Words of scratch memory: BPF_MEMWORDS. */
  public static final int SCRATCH_WORDS = 16;

  /** A = K. */
  public static final int LD_IMM = 0x00;

  /** A = the bytes at K; K below 0 counts from one of the offsets of this class. */
  public static final int LD_W_ABS = 0x20;

  public static final int LD_H_ABS = 0x28;
  public static final int LD_B_ABS = 0x30;

  /** A = the bytes at X + K. */
  public static final int LD_W_IND = 0x40;

  public static final int LD_H_IND = 0x48;
  public static final int LD_B_IND = 0x50;

  /** A = scratch word K. */
  public static final int LD_MEM = 0x60;

  /** A = bytes of the whole frame. */
  public static final int LD_LEN = 0x80;

  /** X = K. */
  public static final int LDX_IMM = 0x01;

  public static final int LDX_MEM = 0x61;
  public static final int LDX_LEN = 0x81;

  /** X = 4 times the lower half of the byte at K: the length of an IPv4 header. */
  public static final int LDX_B_MSH = 0xb1;

  /** Scratch word K = A. */
  public static final int ST = 0x02;

  public static final int STX = 0x03;

  public static final int ADD_K = 0x04;
  public static final int ADD_X = 0x0c;
  public static final int SUB_K = 0x14;
  public static final int SUB_X = 0x1c;
  public static final int MUL_K = 0x24;
  public static final int MUL_X = 0x2c;
  public static final int DIV_K = 0x34;
  public static final int DIV_X = 0x3c;
  public static final int OR_K = 0x44;
  public static final int OR_X = 0x4c;
  public static final int AND_K = 0x54;
  public static final int AND_X = 0x5c;
  public static final int LSH_K = 0x64;
  public static final int LSH_X = 0x6c;
  public static final int RSH_K = 0x74;
  public static final int RSH_X = 0x7c;
  public static final int NEG = 0x84;
  public static final int MOD_K = 0x94;
  public static final int MOD_X = 0x9c;
  public static final int XOR_K = 0xa4;
  public static final int XOR_X = 0xac;

  /** Skips K instructions. */
  public static final int JA = 0x05;

  /** Skips jt instructions where A is equal to K, otherwise jf; comparisons are unsigned. */
  public static final int JEQ_K = 0x15;

  public static final int JEQ_X = 0x1d;
  public static final int JGT_K = 0x25;
  public static final int JGT_X = 0x2d;
  public static final int JGE_K = 0x35;
  public static final int JGE_X = 0x3d;

  /** As the other comparisons, on whether A and K have a bit in common. */
  public static final int JSET_K = 0x45;

  public static final int JSET_X = 0x4d;

  /** Ends the program: K bytes of the frame are kept, 0 refuses it. */
  public static final int RET_K = 0x06;

  public static final int RET_A = 0x16;

  /** X = A. */
  public static final int TAX = 0x07;

  /** A = X. */
  public static final int TXA = 0x87;

  /**
   * SKF_AD_OFF: what the kernel knows beside the frame. A load from {@code AD_OFF + AD_PROTOCOL}
   * gives the whole value, however many bytes it asks for; indirect loads have none of it.
   */
  public static final int AD_OFF = -0x1000;

  /** SKF_NET_OFF: offsets from here on count from the network layer, wherever it begins. */
  public static final int NET_OFF = -0x100000;

  /** SKF_LL_OFF: offsets from here on count from the link layer, which a cooked socket skips. */
  public static final int LL_OFF = -0x200000;

  /** EtherType in host byte order. */
  public static final int AD_PROTOCOL = 0;

  /** {@code sll_pkttype}: 0 for this host, 4 for a frame that it sent. */
  public static final int AD_PKTTYPE = 4;

  /** Index of the interface. */
  public static final int AD_IFINDEX = 8;

  /** ARPHRD_ number of the interface. */
  public static final int AD_HATYPE = 28;

  /** The flow's hash. */
  public static final int AD_RXHASH = 32;

  /** The processor that runs the program. */
  public static final int AD_CPU = 36;

  /** TCI of the VLAN tag that was taken off. */
  public static final int AD_VLAN_TAG = 44;

  /** 1 if a tag was taken off, otherwise 0. */
  public static final int AD_VLAN_TAG_PRESENT = 48;

  /** TPID of the tag that was taken off. */
  public static final int AD_VLAN_TPID = 60;

  private static final int AD_MAX = 64;

  private Bpf() {}

  /** Whether kernels know the ancillary value of this number; they refuse programs with others. */
  static boolean isAncillary(int number) {
    return number >= 0 && number < AD_MAX && number % 4 == 0;
  }
}
