package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A packet socket, option by option, in the order in which packet(7) and {@code
 * Documentation/networking/packet_mmap.rst} want them. It belongs to the network namespace of the
 * thread that opened it; afterwards any thread may use it.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int ETH_P_ALL = 3;

  private static final int SOL_SOCKET = 1;
  private static final int SO_ERROR = 4;
  private static final int SO_ATTACH_FILTER = 26;
  private static final int SO_LOCK_FILTER = 44;

  private static final int SOL_PACKET = 263;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final int PACKET_DROP_MEMBERSHIP = 2;
  private static final int PACKET_RX_RING = 5;
  private static final int PACKET_STATISTICS = 6;
  private static final int PACKET_VERSION = 10;
  private static final int PACKET_TIMESTAMP = 17;
  private static final int PACKET_FANOUT = 18;
  private static final int PACKET_QDISC_BYPASS = 20;
  private static final int PACKET_FANOUT_DATA = 22;

  /** {@code <linux/net_tstamp.h>} */
  private static final int SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6;

  public static final int PACKET_FANOUT_FLAG_ROLLOVER = 0x1000;
  public static final int PACKET_FANOUT_FLAG_UNIQUEID = 0x2000;
  public static final int PACKET_FANOUT_FLAG_DEFRAG = 0x8000;

  private final Fd fd;

  /** 0 where there is none. */
  private int promiscuousInterface;

  private PacketSocket(Fd fd) {
    this.fd = fd;
  }

  /**
   * Opens a raw socket, which sees frames from their layer-2 header on. Its protocol is 0: no frame
   * arrives before {@link #bind}.
   */
  public static PacketSocket open() throws LinuxException {
    return new PacketSocket(Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW, 0, "AF_PACKET"));
  }

  /**
   * As {@link #open}, but "cooked": the kernel takes the layer-2 header off, and so do filters.
   * What it said is in each frame's {@link SockaddrLl}.
   */
  public static PacketSocket openCooked() throws LinuxException {
    return new PacketSocket(Libc.socket(Libc.AF_PACKET, Libc.SOCK_DGRAM, 0, "AF_PACKET, cooked"));
  }

  public Fd fd() {
    return fd;
  }

  public void useTpacketV3() throws LinuxException {
    Libc.setsockopt(fd, SOL_PACKET, PACKET_VERSION, TpacketReq3.TPACKET_V3, "PACKET_VERSION");
  }

  /** Sent frames go to the driver without queueing, and no tap of this host sees them. */
  public void bypassQdisc() throws LinuxException {
    Libc.setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
  }

  /** Replaces the filter at once; frames that passed the old one stay in the ring. */
  public void attachFilter(SockFprog program) throws LinuxException {
    Libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program.segment(), "SO_ATTACH_FILTER");
  }

  /** Forbids to change or remove the filter, also to this process. */
  public void lockFilter() throws LinuxException {
    Libc.setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, 1, "SO_LOCK_FILTER");
  }

  /** Frames carry the network card's time where it took one. */
  public void useHardwareTimestamps() throws LinuxException {
    Libc.setsockopt(
        fd, SOL_PACKET, PACKET_TIMESTAMP, SOF_TIMESTAMPING_RAW_HARDWARE, "PACKET_TIMESTAMP");
  }

  /**
   * Joins a fanout group, made if it is not there: each frame goes to one of its sockets. The
   * socket is bound by then and stays so.
   *
   * @param group its number in this network namespace; 0 with PACKET_FANOUT_FLAG_UNIQUEID
   * @param mode 0 PACKET_FANOUT_HASH and so on
   * @param flags the group's
   * @param mostMembers sockets that the group has room for, the same for each that joins; 0 has the
   *     kernel's own number, and joins a group of any. Others need Linux 5.11.
   * @return the group's number
   */
  public int joinFanout(int group, int mode, int flags, int mostMembers) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment args = arena.allocate(FanoutArgs.BYTES, JAVA_INT.byteAlignment());
      FanoutArgs.write(args, group, mode | flags, mostMembers);
      Libc.setsockopt(
          fd,
          SOL_PACKET,
          PACKET_FANOUT,
          mostMembers == 0 ? args.asSlice(0, FanoutArgs.MAX_NUM_MEMBERS) : args,
          "PACKET_FANOUT of " + group);
      MemorySegment joined = arena.allocate(JAVA_INT);
      Libc.getsockopt(fd, SOL_PACKET, PACKET_FANOUT, joined, "PACKET_FANOUT");
      return joined.get(JAVA_INT, 0) & 0xFFFF;
    }
  }

  /** The classic program by which the socket's fanout group chooses a member. */
  public void setFanoutProgram(SockFprog program) throws LinuxException {
    Libc.setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, program.segment(), "PACKET_FANOUT_DATA");
  }

  /** The eBPF program, of type socket filter, by which the fanout group chooses a member. */
  public void setFanoutProgram(PinnedProgram program) throws LinuxException {
    int descriptor = program.fd().number();
    Libc.setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, descriptor, "PACKET_FANOUT_DATA");
  }

  /** Makes the ring; it lives until the socket and the mapping are gone. */
  public void createRing(int blockSizeBytes, int blockCount, int retireTimeoutMillis)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(TpacketReq3.BYTES, 4);
      TpacketReq3.write(request, blockSizeBytes, blockCount, retireTimeoutMillis);
      Libc.setsockopt(
          fd,
          SOL_PACKET,
          PACKET_RX_RING,
          request,
          "PACKET_RX_RING of " + blockCount + " blocks of " + blockSizeBytes + " bytes");
    }
  }

  /** Maps the whole ring; it is unmapped when the arena closes. */
  public MemorySegment map(long sizeBytes, Arena owner) throws LinuxException {
    return Libc.mmap(fd, sizeBytes, owner, "of the ring's " + sizeBytes + " bytes");
  }

  /** Makes the interface promiscuous for as long as this socket is open. */
  public void joinPromiscuous(int ifindex) throws LinuxException {
    setPromiscuous(ifindex, PACKET_ADD_MEMBERSHIP, "PACKET_ADD_MEMBERSHIP");
    promiscuousInterface = ifindex;
  }

  private void setPromiscuous(int ifindex, int option, String what) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(PacketMreq.BYTES, 4);
      PacketMreq.writePromiscuous(request, ifindex);
      Libc.setsockopt(fd, SOL_PACKET, option, request, what);
    }
  }

  /** Binds to all protocols of an interface, 0 for all of them: from now on frames come. */
  public void bind(int ifindex) throws LinuxException {
    bind(ifindex, ETH_P_ALL);
  }

  /** Binds to an interface for sending only: protocol 0 receives nothing. */
  public void bindForSending(int ifindex) throws LinuxException {
    bind(ifindex, 0);
  }

  private void bind(int ifindex, int protocol) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockaddrLl.BYTES, 4);
      SockaddrLl.write(address, protocol, ifindex);
      Libc.bind(fd, address, "to interface " + ifindex);
    }
  }

  /** Fetches and clears the socket's pending error. */
  public int pendingError() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_INT);
      Libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, error, "SO_ERROR");
      return error.get(JAVA_INT, 0);
    }
  }

  /** The interface that the socket is bound to; -1 once that was removed. */
  public int boundInterface() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SockaddrLl.BYTES, 4);
      Libc.getsockname(fd, address);
      return SockaddrLl.ifindex(address);
    }
  }

  /** The name that an interface of this socket's namespace has now, whichever thread asks. */
  public String interfaceName(int ifindex) throws LinuxException {
    return Ifreq.name(fd, ifindex);
  }

  /** The IFF_ flags that an interface of this socket's namespace has now, whichever thread asks. */
  public int interfaceFlags(int ifindex) throws LinuxException {
    return Ifreq.flags(fd, interfaceName(ifindex));
  }

  /**
   * Of which frames the card of an interface in this socket's namespace takes the time.
   *
   * @throws LinuxException with EOPNOTSUPP if it has no clock
   */
  public HwtstampConfig timestamps(int ifindex) throws LinuxException {
    return Ifreq.timestamps(fd, interfaceName(ifindex));
  }

  /**
   * Sets of which frames the card takes the time, for everybody.
   *
   * @return what the driver has made of it
   * @throws LinuxException with EOPNOTSUPP or ERANGE if the card cannot, EPERM without
   *     CAP_NET_ADMIN
   */
  public HwtstampConfig setTimestamps(int ifindex, HwtstampConfig config) throws LinuxException {
    return Ifreq.setTimestamps(fd, interfaceName(ifindex), config);
  }

  /** Reads and clears the statistics. */
  public TpacketStatsV3 statistics() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stats = arena.allocate(TpacketStatsV3.BYTES, 4);
      Libc.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, stats, "PACKET_STATISTICS");
      return TpacketStatsV3.read(stats);
    }
  }

  /** Sends one frame, its layer-2 header included. */
  public void send(MemorySegment frame) throws LinuxException {
    Libc.write(fd, frame, "of a frame of " + frame.byteSize() + " bytes");
  }

  @Override
  public void close() {
    if (promiscuousInterface != 0) {
      // a mapping that is still in use keeps the socket, and with it the interface promiscuous
      try {
        setPromiscuous(promiscuousInterface, PACKET_DROP_MEMBERSHIP, "PACKET_DROP_MEMBERSHIP");
      } catch (LinuxException e) {
        // the interface was removed, and the membership with it
      }
      promiscuousInterface = 0;
    }
    fd.close();
  }
}
