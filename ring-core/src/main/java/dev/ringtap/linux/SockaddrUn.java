package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The address of a UNIX socket, from {@code <sys/un.h>}:
 *
 * <pre>{@code
 * struct sockaddr_un {
 *   sa_family_t sun_family;
 *   char        sun_path[108];
 * };
 * }</pre>
 */
final class SockaddrUn {
  static final int BYTES = 110;

  static final long SUN_FAMILY = 0;
  static final long SUN_PATH = 2;

  private SockaddrUn() {}

  /**
   * The address of a path. A leading {@code @} stands for the zero byte of the abstract namespace,
   * where the address's length ends the name.
   *
   * @throws LinuxException ENAMETOOLONG if the path is longer than the struct
   */
  static MemorySegment of(Arena arena, String path) throws LinuxException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (SUN_PATH + name.length >= BYTES) {
      throw new LinuxException("socket address " + path, Errno.ENAMETOOLONG);
    }
    boolean isAbstract = path.startsWith("@");
    MemorySegment address = arena.allocate(SUN_PATH + name.length + (isAbstract ? 0 : 1), 2);
    address.set(JAVA_SHORT, SUN_FAMILY, (short) Libc.AF_UNIX);
    MemorySegment.copy(name, 0, address, JAVA_BYTE, SUN_PATH, name.length);
    if (isAbstract) {
      address.set(JAVA_BYTE, SUN_PATH, (byte) 0);
    }
    return address;
  }
}
