package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Requests about one interface, from {@code <linux/if.h>} and {@code <linux/ethtool.h>}. They ask
 * the network namespace of the calling thread:
 *
 * <pre>{@code
 * struct ifreq {
 *   char ifr_name[IFNAMSIZ];
 *   union { struct sockaddr ifr_hwaddr; short ifr_flags; int ifr_mtu; void *ifr_data; ... };
 * };
 * struct ethtool_value { __u32 cmd; __u32 data; };
 * }</pre>
 */
public final class Ifreq {
  /** Names have one byte less: they end with a zero. */
  public static final int IFNAMSIZ = 16;

  public static final int IFF_UP = 1;
  public static final int IFF_LOOPBACK = 8;
  public static final int IFF_RUNNING = 0x40;
  public static final int IFF_PROMISC = 0x100;

  public static final int ETHTOOL_GTSO = 0x1e;
  public static final int ETHTOOL_GGSO = 0x23;
  public static final int ETHTOOL_GFLAGS = 0x25;
  public static final int ETHTOOL_GGRO = 0x2b;
  public static final int ETH_FLAG_LRO = 1 << 15;

  static final int BYTES = 40;
  static final int ETHTOOL_VALUE_BYTES = 8;

  static final long IFR_NAME = 0;
  static final long IFR_UNION = 16;

  private static final long SIOCGIFNAME = 0x8910;
  private static final long SIOCGIFFLAGS = 0x8913;
  private static final long SIOCSIFFLAGS = 0x8914;
  private static final long SIOCGIFMTU = 0x8921;
  private static final long SIOCSIFMTU = 0x8922;
  private static final long SIOCGIFHWADDR = 0x8927;
  private static final long SIOCETHTOOL = 0x8946;
  static final long SIOCSHWTSTAMP = 0x89b0;
  static final long SIOCGHWTSTAMP = 0x89b1;

  private Ifreq() {}

  /** The IFF_ flags. */
  public static int flags(String name) throws LinuxException {
    return Short.toUnsignedInt(
        request(SIOCGIFFLAGS, name, 0, "SIOCGIFFLAGS").get(JAVA_SHORT, IFR_UNION));
  }

  /** The IFF_ flags of an interface in a socket's namespace. */
  static int flags(Fd socket, String name) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = named(arena, name);
      Libc.ioctl(socket, SIOCGIFFLAGS, request, "SIOCGIFFLAGS on " + name);
      return Short.toUnsignedInt(request.get(JAVA_SHORT, IFR_UNION));
    }
  }

  /** The ARPHRD_ value: which header frames of this interface begin with. */
  public static int hardwareType(String name) throws LinuxException {
    return Short.toUnsignedInt(
        request(SIOCGIFHWADDR, name, 0, "SIOCGIFHWADDR").get(JAVA_SHORT, IFR_UNION));
  }

  /** The name of the interface with this index in a socket's namespace; ENODEV if there is none. */
  static String name(Fd socket, int ifindex) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(BYTES, 8);
      request.set(JAVA_INT, IFR_UNION, ifindex);
      Libc.ioctl(socket, SIOCGIFNAME, request, "SIOCGIFNAME of interface " + ifindex);
      return request.getString(IFR_NAME, StandardCharsets.UTF_8);
    }
  }

  public static int mtu(String name) throws LinuxException {
    return request(SIOCGIFMTU, name, 0, "SIOCGIFMTU").get(JAVA_INT, IFR_UNION);
  }

  static void setMtu(String name, int mtuBytes) throws LinuxException {
    request(SIOCSIFMTU, name, mtuBytes, "SIOCSIFMTU");
  }

  static void setUp(String name, boolean up) throws LinuxException {
    int flags = flags(name);
    request(SIOCSIFFLAGS, name, up ? flags | IFF_UP : flags & ~IFF_UP, "SIOCSIFFLAGS");
  }

  /**
   * The answer to one of ethtool's requests for a single value.
   *
   * @throws LinuxException with EOPNOTSUPP where the driver has no answer
   */
  public static int ethtool(String name, int command) throws LinuxException {
    try (Arena arena = Arena.ofConfined();
        Fd socket = Libc.controlSocket()) {
      MemorySegment value = arena.allocate(ETHTOOL_VALUE_BYTES, 4);
      value.set(JAVA_INT, 0, command);
      MemorySegment request = named(arena, name);
      request.set(ADDRESS, IFR_UNION, value);
      Libc.ioctl(socket, SIOCETHTOOL, request, "SIOCETHTOOL on " + name);
      return value.get(JAVA_INT, 4);
    }
  }

  /**
   * Of which frames the network card takes the time.
   *
   * @throws LinuxException with EOPNOTSUPP if it has no clock
   */
  static HwtstampConfig timestamps(Fd socket, String name) throws LinuxException {
    return timestamps(socket, name, null);
  }

  /**
   * Sets of which frames the network card takes the time, for everybody.
   *
   * @return what the driver has made of it
   * @throws LinuxException with EOPNOTSUPP or ERANGE where the card cannot, EPERM without
   *     CAP_NET_ADMIN
   */
  static HwtstampConfig setTimestamps(Fd socket, String name, HwtstampConfig config)
      throws LinuxException {
    return timestamps(socket, name, config);
  }

  private static HwtstampConfig timestamps(Fd socket, String name, @Nullable HwtstampConfig toSet)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment config = arena.allocate(HwtstampConfig.BYTES, 4);
      MemorySegment request = named(arena, name);
      request.set(ADDRESS, IFR_UNION, config);
      if (toSet == null) {
        Libc.ioctl(socket, SIOCGHWTSTAMP, request, "SIOCGHWTSTAMP on " + name);
      } else {
        toSet.write(config);
        Libc.ioctl(socket, SIOCSHWTSTAMP, request, "SIOCSHWTSTAMP on " + name);
      }
      return HwtstampConfig.read(config);
    }
  }

  private static MemorySegment request(long number, String name, int value, String what)
      throws LinuxException {
    try (Fd socket = Libc.controlSocket()) {
      MemorySegment request = named(Arena.ofAuto(), name);
      request.set(JAVA_INT, IFR_UNION, value);
      Libc.ioctl(socket, number, request, what + " on " + name);
      return request;
    }
  }

  private static MemorySegment named(Arena arena, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= IFNAMSIZ) {
      throw new IllegalArgumentException(
          "interface name of " + bytes.length + " bytes, the limit is " + (IFNAMSIZ - 1));
    }
    MemorySegment request = arena.allocate(BYTES, 8);
    MemorySegment.copy(bytes, 0, request, JAVA_BYTE, 0, bytes.length);
    return request;
  }
}
