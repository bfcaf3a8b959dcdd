package dev.ringtap.bench.live;

import dev.ringtap.capture.CaptureId;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A reader in Java as a process of its own. It reads in one thread and answers in another, as
 * {@code bench/c/marks.h} says.
 */
public final class JavaReader {
  /** A way of reading an interface. */
  interface Source {
    /** Reads until {@link #stop}, or for ever. */
    void read(Counts counts) throws Exception;

    /** Frames that the kernel dropped, as far as is known; any thread may ask. */
    long dropped() throws Exception;

    /** Lets no more frames in, where that is what makes the drops known; any thread may. */
    default void stop() throws Exception {}
  }

  /** What was read. Written by the reading thread alone. */
  static final class Counts {
    private final AtomicLong frames = new AtomicLong();
    private final AtomicLong sum = new AtomicLong();

    /**
     * Adds what was read.
     *
     * @param sumOverThem anything that keeps the compiler from leaving work out
     */
    void add(long framesRead, long sumOverThem) {
      sum.setOpaque(sum.getPlain() + sumOverThem);
      frames.setOpaque(frames.getPlain() + framesRead);
    }
  }

  /** As in {@code bench/c/ring_size.h}. */
  static final int RING_BYTES = 64 << 20;

  static final int RETIRE_TIMEOUT_MILLIS = 20;
  static final int SNAP_LENGTH_BYTES = 262_144;
  static final String HOST_NAME = "bench.example.com";

  private JavaReader() {}

  /** Names as long as a capture of {@link RingSource} has, for the reader in C. */
  static CaptureId capture(String interfaceName) {
    return new CaptureId(HOST_NAME, interfaceName, 1_767_225_600_000_000L, 0);
  }

  static List<String> command(ReaderKind kind, String interfaceName) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-Xms256m",
        "-Xmx256m",
        // pcap4j logs through it, and has nobody to tell
        "-Dslf4j.internal.verbosity=ERROR",
        "-cp",
        System.getProperty("java.class.path"),
        JavaReader.class.getName(),
        kind.name(),
        interfaceName);
  }

  /** The reader's kind and the interface. */
  public static void main(String[] arguments) throws Exception {
    Source source = open(ReaderKind.valueOf(arguments[0]), arguments[1]);
    Counts counts = new Counts();
    Thread reader = new Thread(() -> read(source, counts), "reader");
    reader.setDaemon(true);
    reader.start();
    System.out.println("ready");
    BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
    while (questions.readLine() != null) {
      tell(source, counts, reader);
    }
    source.stop();
    tell(source, counts, reader);
  }

  private static Source open(ReaderKind kind, String interfaceName) throws Exception {
    return switch (kind) {
      case HEADER_WALK, AVRO_BATCH, AVRO_FRAMES, AVRO_EACH -> RingSource.open(kind, interfaceName);
      case UPCALL_COUNT, UPCALL_COPY ->
          new UpcallSource(interfaceName, kind == ReaderKind.UPCALL_COPY);
      case PCAP4J -> new Pcap4jSource(interfaceName);
      default -> throw new IllegalArgumentException(kind + " is not in Java");
    };
  }

  private static void read(Source source, Counts counts) {
    try {
      source.read(counts);
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void tell(Source source, Counts counts, Thread reader) throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    System.out.printf(
        "%d %d %d %d%n",
        counts.frames.get(),
        counts.sum.get(),
        source.dropped(),
        threads.getThreadCpuTime(reader.threadId()));
  }
}
