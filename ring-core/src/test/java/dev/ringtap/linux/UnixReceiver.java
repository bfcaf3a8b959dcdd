package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** A UNIX datagram socket that receives, as a service manager's. */
public final class UnixReceiver implements AutoCloseable {
  private static final int MAX_BYTES = 4096;

  private final Fd fd;

  private UnixReceiver(Fd fd) {
    this.fd = fd;
  }

  /**
   * @param path where; a leading {@code @} names one in the abstract namespace
   */
  public static UnixReceiver at(String path) throws LinuxException {
    Fd fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM, 0, "AF_UNIX");
    try (Arena arena = Arena.ofConfined()) {
      Libc.bind(fd, SockaddrUn.of(arena, path), path);
    }
    return new UnixReceiver(fd);
  }

  /** The next datagram, for which it waits. */
  public String receive() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(MAX_BYTES);
      int bytes = Libc.read(fd, buffer, "datagram");
      return new String(buffer.asSlice(0, bytes).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
