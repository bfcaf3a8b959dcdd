package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.HwtstampConfig;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.Poller;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Opens captures, alone or as the members of a fanout group, in the order that the kernel wants:
 * socket, ring version, timestamps, filter, ring, mapping, promiscuous mode, bind, fanout.
 */
final class CaptureOpener {
  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  /** The kernel's limit. */
  private static final int MOST_MEMBERS = 256;

  private static final int MIN_BLOCKS = 2;

  /** What is left of a ring that the kernel had no memory for, as in libpcap. */
  private static final double SHRINK = 0.95;

  /**
   * A ring may take this part of the memory that is available, so that asking cannot end in OOM.
   */
  private static final double MOST_OF_MEMORY = 0.8;

  private CaptureOpener() {}

  static List<PacketCapture> openAll(CaptureConfig config, int members, @Nullable FanoutGroup group)
      throws CaptureException {
    if (members < 1 || members > MOST_MEMBERS) {
      throw new IllegalArgumentException(
          members + " members of a fanout group; expected 1 to " + MOST_MEMBERS);
    }
    List<CaptureConfig> configs = new ArrayList<>();
    for (int i = 0; i < members; i++) {
      configs.add(members == 1 ? config : config.toBuilder().member(i).build());
    }
    return openAll(configs, group);
  }

  /**
   * Frames are let in only once all have joined: before that each would get all of them. Filters
   * open one by one, and a frame for a member whose filter is not open yet is lost. So the captures
   * start after the last has opened: what they got until then is left out.
   */
  static List<PacketCapture> openAll(List<CaptureConfig> configs, @Nullable FanoutGroup group)
      throws CaptureException {
    return configs.get(0).inNamespace(() -> openHere(configs, group));
  }

  private static List<PacketCapture> openHere(
      List<CaptureConfig> configs, @Nullable FanoutGroup group) throws CaptureException {
    List<PacketCapture> captures = new ArrayList<>();
    try {
      for (CaptureConfig config : configs) {
        captures.add(bind(config, group));
      }
      for (PacketCapture capture : captures) {
        capture.letFramesIn(group != null);
      }
      if (group != null) {
        start(captures);
      }
      return captures;
    } catch (IOException | RuntimeException | Error e) {
      captures.forEach(PacketCapture::close);
      String name = configs.get(0).interfaceName();
      if (e instanceof LinuxException cause) {
        throw CaptureException.of(cause, name);
      }
      if (e instanceof CaptureException known) {
        throw known;
      }
      throw new CaptureException(Reason.SYSTEM, "capture on " + name + ": " + e.getMessage(), e);
    }
  }

  private static void start(List<PacketCapture> group) throws IOException {
    for (PacketCapture each : group) {
      each.ring().forgetDrops();
    }
    long startNanos = ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
    for (PacketCapture each : group) {
      each.ring().startAt(startNanos);
    }
    Instant complete = Instant.now();
    for (PacketCapture each : group) {
      each.completeSince(complete);
    }
    int number = group.get(0).config().get(CaptureOption.FANOUT_GROUP);
    if (number != 0) {
      LOG.log(
          Level.INFO,
          "joined fanout group interface={0} group={1} completeSince={2}",
          group.get(0).capture().interfaceName(),
          Integer.toString(number),
          complete);
    }
  }

  /** Opens the socket, its ring, and binds it; in a group it has joined and lets nothing in yet. */
  private static PacketCapture bind(CaptureConfig config, @Nullable FanoutGroup group)
      throws IOException {
    String name = config.interfaceName();
    CaptureInterface device = PacketCapture.require(name);
    PacketSocket socket = null;
    Poller poller = null;
    BlockMemory memory = null;
    HardwareClock clock = null;
    try {
      requireMemory(config.get(CaptureOption.RING_MIB));
      socket = device.isCooked() ? PacketSocket.openCooked() : PacketSocket.open();
      socket.useTpacketV3();
      clock = turnOnClock(socket, config, device);
      BpfProgram program = FilterRewriter.forInterface(config, device);
      FilterRewriter.attach(socket, group == null ? program : BpfProgram.REJECT);
      int blockSizeBytes = config.get(CaptureOption.BLOCK_KIB) << 10;
      int blockCount = createRing(socket, config, blockSizeBytes);
      memory = BlockMemory.map(socket, (long) blockCount * blockSizeBytes);
      PacketRing ring = new PacketRing(config, device, socket, memory, blockSizeBytes);
      poller = new Poller(socket.fd());
      PacketCapture capture =
          new PacketCapture(config, device, program, socket, clock, poller, ring);
      if (config.get(CaptureOption.PROMISCUOUS) && !device.isLoopback() && !device.isAny()) {
        socket.joinPromiscuous(device.index());
      }
      socket.bind(device.index());
      int error = socket.pendingError();
      if (error == Errno.ENETDOWN) {
        throw new CaptureException(Reason.INTERFACE_DOWN, "interface " + name + " went down");
      }
      if (group != null) {
        group.join(socket);
      }
      RingWatch.add(ring);
      return capture;
    } catch (IOException | RuntimeException | Error e) {
      if (poller != null) {
        poller.close();
      }
      if (memory != null) {
        memory.close();
      }
      if (clock != null) {
        clock.close();
      }
      if (socket != null) {
        socket.close();
      }
      throw e;
    }
  }

  /** Has the network card take the time of frames if that was asked for; otherwise null. */
  private static @Nullable HardwareClock turnOnClock(
      PacketSocket socket, CaptureConfig config, CaptureInterface device) throws IOException {
    if (config.get(CaptureOption.TIMESTAMP_TYPE) == TimestampType.HOST) {
      return null;
    }
    HardwareClock clock = HardwareClock.turnOn(new SocketCard(socket, device));
    socket.useHardwareTimestamps();
    return clock;
  }

  /** A network card by a socket of its namespace. */
  private record SocketCard(PacketSocket socket, CaptureInterface device)
      implements HardwareClock.Card {
    @Override
    public String name() {
      return device.name();
    }

    @Override
    public HwtstampConfig timestamps() throws LinuxException {
      return socket.timestamps(device.index());
    }

    @Override
    public HwtstampConfig setTimestamps(HwtstampConfig config) throws LinuxException {
      return socket.setTimestamps(device.index(), config);
    }
  }

  /** Makes the ring, smaller where the kernel has no memory for all of it. */
  private static int createRing(PacketSocket socket, CaptureConfig config, int blockSizeBytes)
      throws LinuxException, CaptureException {
    int ringMib = config.get(CaptureOption.RING_MIB);
    int asked = Math.max(MIN_BLOCKS, (int) (((long) ringMib << 20) / blockSizeBytes));
    int retireTimeoutMillis = config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS);
    for (int blockCount = asked; ; ) {
      try {
        socket.createRing(blockSizeBytes, blockCount, retireTimeoutMillis);
      } catch (LinuxException e) {
        if (e.errno() != Errno.ENOMEM) {
          throw e;
        }
        if (blockCount == MIN_BLOCKS) {
          throw new CaptureException(
              Reason.RING_TOO_LARGE,
              ("the kernel has no memory for a ring: %s blocks of %s bytes were asked for, not"
                      + " even %s could be had; free memory or ask for a smaller block-size")
                  .formatted(asked, blockSizeBytes, MIN_BLOCKS),
              e);
        }
        blockCount = Math.max(MIN_BLOCKS, Math.min(blockCount - 1, (int) (blockCount * SHRINK)));
        continue;
      }
      if (blockCount < asked) {
        LOG.log(
            Level.WARNING,
            "the kernel had no memory for all blocks of the ring interface={0} asked={1} given={2}"
                + " blockKiB={3}",
            config.interfaceName(),
            asked,
            blockCount,
            blockSizeBytes >> 10);
      }
      return blockCount;
    }
  }

  /** Refuses a ring that would leave the machine without memory. */
  private static void requireMemory(int ringMib) throws IOException {
    long availableMib = availableMemoryMib();
    if (ringMib > MOST_OF_MEMORY * availableMib) {
      throw new CaptureException(
          Reason.RING_TOO_LARGE,
          ("a ring of %s MiB was asked for, %s MiB of memory are available and at most %s of"
                  + " them may be taken; ask for a smaller ring-size")
              .formatted(ringMib, availableMib, (long) (MOST_OF_MEMORY * availableMib)));
    }
  }

  /** Memory that the kernel could give without swapping, in MiB, as {@code /proc/meminfo} says. */
  static long availableMemoryMib() throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("MemAvailable:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }
}
