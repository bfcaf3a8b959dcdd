package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Moves the calling thread into a network namespace, and makes virtual links there through
 * rtnetlink ({@code <linux/rtnetlink.h>}, {@code <linux/if_link.h>}, {@code <linux/veth.h>}). A new
 * namespace is gone, its links with it, when the thread has ended and its last socket is closed: no
 * link remains, also if the process is killed.
 */
public final class NetworkNamespace {
  private static final int NETLINK_ROUTE = 0;
  private static final int RTM_NEWLINK = 16;
  private static final int NLMSG_ERROR = 2;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_ACK = 4;
  private static final int NLM_F_EXCL = 0x200;
  private static final int NLM_F_CREATE = 0x400;
  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_LINKINFO = 18;
  private static final int IFLA_INFO_KIND = 1;
  private static final int IFLA_INFO_DATA = 2;
  private static final int VETH_INFO_PEER = 1;
  private static final int NLMSGHDR_BYTES = 16;
  private static final int IFINFOMSG_BYTES = 16;
  private static final int ATTRIBUTE_HEADER_BYTES = 4;
  private static final int BUFFER_BYTES = 4096;

  private NetworkNamespace() {}

  /** Moves the calling thread into a new, empty namespace. Needs CAP_SYS_ADMIN. */
  public static void enterNew() throws LinuxException {
    Libc.unshareNetwork();
  }

  /**
   * Moves the calling thread into the namespace of a file, such as {@code /run/netns/NAME} or
   * {@code /proc/PID/ns/net}. Needs CAP_SYS_ADMIN. There is no way back without that: it is for
   * threads that end.
   */
  public static void enter(String path) throws LinuxException {
    try (Fd namespace = Libc.open(path)) {
      Libc.setNetworkNamespace(namespace);
    }
  }

  /** Makes a pair of virtual Ethernet interfaces in the calling thread's namespace, both down. */
  public static void createVethPair(String name, String peer) throws LinuxException {
    ByteBuffer message = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.nativeOrder());
    message.position(NLMSGHDR_BYTES + IFINFOMSG_BYTES);
    putString(message, IFLA_IFNAME, name);
    int linkInfo = begin(message, IFLA_LINKINFO);
    putString(message, IFLA_INFO_KIND, "veth");
    int data = begin(message, IFLA_INFO_DATA);
    int peerInfo = begin(message, VETH_INFO_PEER);
    message.position(message.position() + IFINFOMSG_BYTES);
    putString(message, IFLA_IFNAME, peer);
    end(message, peerInfo);
    end(message, data);
    end(message, linkInfo);

    int length = message.position();
    message.putInt(0, length);
    message.putShort(4, (short) RTM_NEWLINK);
    message.putShort(6, (short) (NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL));
    request(message.array(), length, "new veth pair " + name + ", " + peer);
  }

  /** Sets an interface up or down. */
  public static void setUp(String name, boolean up) throws LinuxException {
    Ifreq.setUp(name, up);
  }

  /** Sets the largest frame that an interface takes, without the Ethernet header. */
  public static void setMtu(String name, int mtuBytes) throws LinuxException {
    Ifreq.setMtu(name, mtuBytes);
  }

  private static void request(byte[] message, int length, String what) throws LinuxException {
    try (Arena arena = Arena.ofConfined();
        Fd socket = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW, NETLINK_ROUTE, "NETLINK_ROUTE")) {
      MemorySegment request = arena.allocate(length, 8);
      MemorySegment.copy(message, 0, request, JAVA_BYTE, 0, length);
      Libc.write(socket, request, "to rtnetlink: " + what);
      MemorySegment answer = arena.allocate(BUFFER_BYTES, 8);
      int received = Libc.read(socket, answer, "from rtnetlink");
      // struct nlmsgerr { int error; ... } after the header; 0 is the acknowledgement
      ByteBuffer reply = answer.asSlice(0, received).asByteBuffer().order(ByteOrder.nativeOrder());
      if (reply.getShort(4) == NLMSG_ERROR && reply.getInt(NLMSGHDR_BYTES) != 0) {
        throw new LinuxException("rtnetlink: " + what, -reply.getInt(NLMSGHDR_BYTES));
      }
    }
  }

  private static void putString(ByteBuffer message, int type, String value) {
    int start = begin(message, type);
    message.put(value.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
    end(message, start);
  }

  private static int begin(ByteBuffer message, int type) {
    int start = message.position();
    message.putShort((short) 0).putShort((short) type);
    return start;
  }

  private static void end(ByteBuffer message, int start) {
    message.putShort(start, (short) (message.position() - start));
    message.position(message.position() + ATTRIBUTE_HEADER_BYTES - 1 & -ATTRIBUTE_HEADER_BYTES);
  }
}
