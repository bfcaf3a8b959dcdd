package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A virtual device of any hardware type in the calling thread's network namespace, of {@code
 * <linux/if_tun.h>}: what is sent on it is read by nobody, what is written here comes in on it. It
 * is gone when it is closed.
 */
@SuppressWarnings("restricted")
public final class TunDevice implements AutoCloseable {
  private static final int O_RDWR = 2;
  private static final int IFF_TUN = 1;
  private static final int IFF_NO_PI = 0x1000;
  private static final long TUNSETIFF = 0x400454CA;
  private static final long TUNSETLINK = 0x400454CD;

  private final Fd fd;

  private TunDevice(Fd fd) {
    this.fd = fd;
  }

  /** Makes one and sets it up; the hardware type is an ARPHRD_ number. */
  public static TunDevice create(String name, int hardwareType) throws IOException {
    Fd fd = new Fd(open("/dev/net/tun"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(Ifreq.BYTES, 8);
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      MemorySegment.copy(bytes, 0, request, JAVA_BYTE, 0, bytes.length);
      request.set(JAVA_SHORT, Ifreq.IFR_UNION, (short) (IFF_TUN | IFF_NO_PI));
      Libc.ioctl(fd, TUNSETIFF, request, "TUNSETIFF");
      Libc.ioctl(fd, TUNSETLINK, MemorySegment.ofAddress(hardwareType), "TUNSETLINK");
      NetworkNamespace.setUp(name, true);
      return new TunDevice(fd);
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  /** A packet comes in; the kernel wants an IP packet. */
  public void receive(byte[] packet) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(packet.length);
      MemorySegment.copy(packet, 0, bytes, JAVA_BYTE, 0, packet.length);
      Libc.write(fd, bytes, "to a tun device");
    }
  }

  private static int open(String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      Linker linker = Linker.nativeLinker();
      int fd =
          (int)
              linker
                  .downcallHandle(
                      linker.defaultLookup().find("open").orElseThrow(),
                      FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                      Linker.Option.firstVariadicArg(2))
                  .invokeExact(arena.allocateFrom(path), O_RDWR);
      if (fd < 0) {
        throw new IOException("cannot open " + path);
      }
      return fd;
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
