package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An eBPF program that somebody has loaded and pinned in a bpf file system, by {@code
 * <linux/bpf.h>}:
 *
 * <pre>{@code
 * union bpf_attr { struct { __aligned_u64 pathname; __u32 bpf_fd; __u32 file_flags; ... }; };
 * }</pre>
 */
public final class PinnedProgram implements AutoCloseable {
  private static final int BPF_OBJ_GET = 7;

  static final long BYTES = 16;
  static final long PATHNAME = 0;

  private final Fd fd;

  private PinnedProgram(Fd fd) {
    this.fd = fd;
  }

  /** Opens the program at a path such as {@code /sys/fs/bpf/choose}. */
  public static PinnedProgram open(String path) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(BYTES, 8);
      attributes.set(JAVA_LONG, PATHNAME, arena.allocateFrom(path).address());
      return new PinnedProgram(new Fd(Libc.bpf(BPF_OBJ_GET, attributes, "BPF_OBJ_GET " + path)));
    }
  }

  Fd fd() {
    return fd;
  }

  @Override
  public void close() {
    fd.close();
  }
}
