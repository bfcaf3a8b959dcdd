package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;

/** Datagrams to UNIX sockets, which Java's channels do not send: theirs are streams. */
public final class UnixDatagram {
  private UnixDatagram() {}

  /**
   * Sends one datagram from a socket of its own. It waits while the receiver's queue is full.
   *
   * @param path the receiver's; a leading {@code @} names one in the abstract namespace
   */
  public static void send(String path, byte[] message) throws LinuxException {
    try (Arena arena = Arena.ofConfined();
        Fd fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM, 0, "AF_UNIX")) {
      Libc.sendto(fd, arena.allocateFrom(JAVA_BYTE, message), SockaddrUn.of(arena, path), path);
    }
  }
}
