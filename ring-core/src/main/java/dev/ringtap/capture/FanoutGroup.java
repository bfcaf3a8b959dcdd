package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.PinnedProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The fanout group that sockets of one configuration join. Thread-safe. */
final class FanoutGroup {
  private final String interfaceName;
  private final FanoutMode mode;
  private final int flags;
  private final @Nullable String program;
  private final int mostMembers;

  /** What the kernel chooses for a group of its own may be 0, which no option asks for. */
  private static final int NONE_YET = -1;

  private static final int KERNELS_MOST_MEMBERS = 256;

  private static final boolean KERNEL_COMPARES_MOST_MEMBERS = kernelComparesMostMembers();

  private int number;

  /** The group of that many captures, null if there is none. */
  static @Nullable FanoutGroup of(CaptureConfig config, int members) throws CaptureException {
    boolean shared = members > 1 || config.get(CaptureOption.FANOUT_GROUP) != 0;
    return shared ? new FanoutGroup(config) : null;
  }

  private FanoutGroup(CaptureConfig config) throws CaptureException {
    interfaceName = config.interfaceName();
    mode = config.get(CaptureOption.FANOUT_MODE);
    program = config.get(CaptureOption.FANOUT_PROGRAM);
    int asked = config.get(CaptureOption.FANOUT_GROUP);
    number = asked == 0 ? NONE_YET : asked;
    mostMembers = mostMembers(config.fanoutOwner());
    flags =
        (config.get(CaptureOption.FANOUT_ROLLOVER) ? PacketSocket.PACKET_FANOUT_FLAG_ROLLOVER : 0)
            | (config.get(CaptureOption.FANOUT_DEFRAG)
                ? PacketSocket.PACKET_FANOUT_FLAG_DEFRAG
                : 0);
    boolean byProgram = mode == FanoutMode.CBPF || mode == FanoutMode.EBPF;
    if (byProgram != (program != null)) {
      throw new CaptureException(
          Reason.FANOUT_REFUSED,
          byProgram
              ? "fanout-mode " + CaptureOption.textOf(mode) + " needs a fanout-program"
              : "a fanout-program is for fanout-mode cbpf or ebpf, not %s"
                  .formatted(CaptureOption.textOf(mode)));
    }
  }

  /**
   * The kernel admits to a group only sockets that ask for the same most members, so each owner
   * asks for a number of its own. The group's memory is 8 bytes for each.
   */
  private static int mostMembers(int owner) {
    return owner == 0 || !KERNEL_COMPARES_MOST_MEMBERS ? 0 : KERNELS_MOST_MEMBERS + owner;
  }

  private static boolean kernelComparesMostMembers() {
    try {
      String[] release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).split("[^0-9]+");
      int major = Integer.parseInt(release[0]);
      return major > 5 || major == 5 && Integer.parseInt(release[1]) >= 11;
    } catch (IOException | NumberFormatException e) {
      return false;
    }
  }

  /** Joins a socket that is bound and whose filter, still unlocked, lets nothing in yet. */
  synchronized void join(PacketSocket socket) throws IOException {
    try {
      boolean first = number == NONE_YET;
      int own = first ? PacketSocket.PACKET_FANOUT_FLAG_UNIQUEID : 0;
      number = socket.joinFanout(first ? 0 : number, mode.ordinal(), flags | own, mostMembers);
    } catch (LinuxException e) {
      if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENOSPC) {
        throw e;
      }
      throw new CaptureException(
          Reason.FANOUT_REFUSED,
          ("cannot join fanout group %s on %s: its members have another interface,"
                  + " fanout-mode, flag or owner, or are 256 already; choose the same or another"
                  + " fanout-group (%s)")
              .formatted(number, interfaceName, e.getMessage()),
          e);
    }
    if (program == null) {
      return;
    }
    if (mode == FanoutMode.CBPF) {
      socket.setFanoutProgram(FilterRewriter.nativeProgram(classicProgram(program)));
    } else {
      try (PinnedProgram pinned = PinnedProgram.open(program)) {
        socket.setFanoutProgram(pinned);
      } catch (LinuxException e) {
        throw new CaptureException(
            Reason.FANOUT_REFUSED,
            ("fanout-program %s is not a pinned eBPF program of type socket filter that may be"
                    + " used: %s")
                .formatted(program, e.getMessage()),
            e);
      }
    }
  }

  private static BpfProgram classicProgram(String program) throws IOException {
    try {
      return BpfProgram.read(Path.of(program));
    } catch (IOException e) {
      throw new CaptureException(Reason.FANOUT_REFUSED, "fanout-program " + e.getMessage(), e);
    } catch (InvalidPathException e) {
      throw new CaptureException(Reason.FANOUT_REFUSED, "fanout-program is no path", e);
    }
  }
}
