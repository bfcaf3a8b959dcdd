package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A classic BPF program, from {@code <linux/filter.h>}:
 *
 * <pre>{@code
 * struct sock_filter { __u16 code; __u8 jt; __u8 jf; __u32 k; };
 * struct sock_fprog { unsigned short len; struct sock_filter *filter; };
 * }</pre>
 */
public final class SockFprog {
  static final int BYTES = 16;
  static final int SOCK_FILTER_BYTES = 8;

  static final long LEN = 0;
  static final long FILTER = 8;
  static final long CODE = 0;
  static final long JT = 2;
  static final long JF = 3;
  static final long K = 4;

  private final MemorySegment program;
  private final MemorySegment filter;

  /** A program of that many instructions, all of which the caller then sets. */
  public SockFprog(Arena arena, int instructionCount) {
    program = arena.allocate(BYTES, 8);
    filter = arena.allocate((long) instructionCount * SOCK_FILTER_BYTES, 8);
    program.set(JAVA_SHORT, LEN, (short) instructionCount);
    program.set(ADDRESS, FILTER, filter);
  }

  public void set(int index, int code, int jt, int jf, int k) {
    long at = (long) index * SOCK_FILTER_BYTES;
    filter.set(JAVA_SHORT, at + CODE, (short) code);
    filter.set(JAVA_BYTE, at + JT, (byte) jt);
    filter.set(JAVA_BYTE, at + JF, (byte) jf);
    filter.set(JAVA_INT, at + K, k);
  }

  MemorySegment segment() {
    return program;
  }
}
