package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A BPF program as libpcap hands it out, from {@code <pcap/bpf.h>}. Its instructions lie as the
 * kernel's do, its length is wider than that of {@link SockFprog}:
 *
 * <pre>{@code
 * struct bpf_insn { u_short code; u_char jt; u_char jf; bpf_u_int32 k; };
 * struct bpf_program { u_int bf_len; struct bpf_insn *bf_insns; };
 * }</pre>
 */
@SuppressWarnings("restricted")
final class PcapProgram {
  static final int BYTES = 16;
  static final int BPF_INSN_BYTES = 8;

  static final long BF_LEN = 0;
  static final long BF_INSNS = 8;
  static final long CODE = 0;
  static final long JT = 2;
  static final long JF = 3;
  static final long K = 4;

  private PcapProgram() {}

  static MemorySegment allocate(Arena arena) {
    return arena.allocate(BYTES, 8);
  }

  /** Hands over each instruction in order. */
  static void read(MemorySegment program, Libpcap.Instructions target) {
    long bytes = Integer.toUnsignedLong(program.get(JAVA_INT, BF_LEN)) * BPF_INSN_BYTES;
    MemorySegment all = program.get(ADDRESS, BF_INSNS).reinterpret(bytes);
    for (long at = 0; at < bytes; at += BPF_INSN_BYTES) {
      target.add(
          Short.toUnsignedInt(all.get(JAVA_SHORT, at + CODE)),
          Byte.toUnsignedInt(all.get(JAVA_BYTE, at + JT)),
          Byte.toUnsignedInt(all.get(JAVA_BYTE, at + JF)),
          all.get(JAVA_INT, at + K));
    }
  }
}
