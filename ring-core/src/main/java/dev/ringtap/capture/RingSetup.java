package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.HwtstampConfig;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.SockFprog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a socket gets before it is bound: its filter, and a ring that the machine has memory for.
 */
final class RingSetup {
  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  private static final int MIN_BLOCKS = 2;

  /** What is left of a ring that the kernel had no memory for, as in libpcap. */
  private static final double SHRINK = 0.95;

  /**
   * A ring may take this part of the memory that is available, so that asking cannot end in OOM.
   */
  private static final double MOST_OF_MEMORY = 0.8;

  private RingSetup() {}

  /** The filter, fitted to what the kernel lets it see on this interface. */
  static BpfProgram kernelProgram(CaptureConfig config, CaptureInterface device)
      throws CaptureException {
    BpfProgram program = config.kernelProgram();
    if (device.isCooked()) {
      int linkType = device.linkType();
      int frameBytes =
          device.snapLengthBytes(config.snapLengthBytes()) - CookedHeader.bytes(linkType);
      program = FilterRewriter.cooked(program, linkType).cutTo(frameBytes);
    }
    Direction direction = config.get(CaptureOption.DIRECTION);
    if (direction != Direction.INOUT) {
      return FilterRewriter.only(direction, program);
    }
    if (device.isLoopback()) {
      // it shows every frame twice, going out and coming in
      return FilterRewriter.only(Direction.IN, program);
    }
    if (device.isAny()) {
      for (CaptureInterface each : CaptureInterface.list()) {
        if (each.isLoopback()) {
          program = FilterRewriter.withoutOutgoing(each.index(), program);
        }
      }
    }
    return program;
  }

  /** Replaces the socket's filter at once. */
  static void attach(PacketSocket socket, BpfProgram program) throws LinuxException {
    socket.attachFilter(nativeProgram(program));
  }

  /** A program as the kernel takes it. */
  static SockFprog nativeProgram(BpfProgram program) {
    SockFprog fprog = new SockFprog(Arena.ofAuto(), program.instructions().size());
    int index = 0;
    for (BpfProgram.Instruction each : program.instructions()) {
      fprog.set(index++, each.code(), each.jt(), each.jf(), each.k());
    }
    return fprog;
  }

  /** Has the network card take the time of frames if that was asked for; otherwise null. */
  static HardwareClock turnOnClock(
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
  static int createRing(PacketSocket socket, CaptureConfig config, int blockSizeBytes)
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
              "the kernel has no memory for a ring: "
                  + asked
                  + " blocks of "
                  + blockSizeBytes
                  + " bytes were asked for, not even "
                  + MIN_BLOCKS
                  + " could be had; free memory or ask for a smaller block-size",
              e);
        }
        blockCount = Math.max(MIN_BLOCKS, Math.min(blockCount - 1, (int) (blockCount * SHRINK)));
        continue;
      }
      if (blockCount < asked) {
        LOG.log(
            Level.WARNING,
            "the kernel had no memory for a ring of {0} blocks of {1} KiB, it gave {2}",
            asked,
            blockSizeBytes >> 10,
            blockCount);
      }
      return blockCount;
    }
  }

  /** Refuses a ring that would leave the machine without memory. */
  static void requireMemory(int ringMib) throws IOException {
    long availableMib = availableMemoryMib();
    if (ringMib > MOST_OF_MEMORY * availableMib) {
      throw new CaptureException(
          Reason.RING_TOO_LARGE,
          "a ring of "
              + ringMib
              + " MiB was asked for, "
              + availableMib
              + " MiB of memory are available and at most "
              + (long) (MOST_OF_MEMORY * availableMib)
              + " of them may be taken; ask for a smaller ring-size");
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
