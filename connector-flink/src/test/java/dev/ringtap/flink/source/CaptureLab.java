package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A private network, what captures of this JVM log when they are opened and closed, and tcpdump
 * beside them.
 */
public final class CaptureLab implements AutoCloseable {
  private static final Logger LEDGERS = Logger.getLogger(SplitLedger.class.getName());

  private static final int FRAMES_IN_A_ROW = 50;

  private static final Logger OPENINGS = Logger.getLogger(SplitOpener.class.getName());

  private final PrivateNetwork network;
  private final AtomicInteger opened = new AtomicInteger();
  private final List<String> ledgers = new ArrayList<>();
  private final Handler ledgerHandler =
      handler(
          record -> {
            synchronized (ledgers) {
              ledgers.add(
                  record.getParameters() == null
                      ? record.getMessage()
                      : record.getMessage() + Arrays.toString(record.getParameters()));
            }
          });
  private final Handler openingHandler = handler(record -> opened.incrementAndGet());

  private CaptureLab(PrivateNetwork network) {
    this.network = network;
    for (Logger each : List.of(LEDGERS, OPENINGS)) {
      each.setLevel(Level.INFO);
      each.setUseParentHandlers(false);
    }
    LEDGERS.addHandler(ledgerHandler);
    OPENINGS.addHandler(openingHandler);
  }

  private static Handler handler(Consumer<LogRecord> each) {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        each.accept(record);
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  /** Makes one, or skips the test where that is not allowed. */
  public static CaptureLab createOrSkip() throws IOException {
    return new CaptureLab(PrivateNetworks.createOrSkip());
  }

  /** The network. */
  public PrivateNetwork network() {
    return network;
  }

  /** A capture of the wire's right end. */
  public CaptureConfig.Builder capture() throws IOException {
    return network.capture(PrivateNetwork.RIGHT);
  }

  /** The same as options of a table. */
  public String tableOptions() throws IOException {
    return "'interface' = '%s', 'network-namespace' = '%s'"
        .formatted(PrivateNetwork.RIGHT, network.path());
  }

  /** Captures opened so far. */
  public int opened() {
    return opened.get();
  }

  /** Waits until so many captures were opened since the lab was made. */
  public void awaitOpened(int count) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (opened.get() < count && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    assertThat(opened.get()).as("captures opened").isGreaterThanOrEqualTo(count);
  }

  /**
   * Sends frames once so many captures are open, from a thread of its own: Flink needs the JVM's
   * common one.
   */
  public CompletableFuture<Void> sendWhenOpened(int captures, List<byte[]> frames) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    Thread sender =
        new Thread(
            () -> {
              try {
                awaitOpened(captures);
                send(frames);
                sent.complete(null);
              } catch (Exception | AssertionError e) {
                sent.completeExceptionally(e);
              }
            },
            "sender");
    sender.setDaemon(true);
    sender.start();
    return sent;
  }

  /**
   * Sends frames from the left end of the wire, with pauses: the kernel's queue before the taps has
   * room for 1000.
   */
  public void send(List<byte[]> frames) throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (byte[] frame : frames) {
        sender.send(frame);
        if (sender.sent() % FRAMES_IN_A_ROW == 0) {
          LockSupport.parkNanos(1_000_000);
        }
      }
    }
  }

  /** The ledgers logged so far. */
  public List<String> ledgers() {
    synchronized (ledgers) {
      return List.copyOf(ledgers);
    }
  }

  /** Sum over all ledgers of the number in front of a word; every one must add up. */
  public long sum(String word) {
    long sum = 0;
    for (String ledger : ledgers()) {
      assertThat(ledger).doesNotContain("DOES NOT ADD UP");
      Matcher found =
          Pattern.compile(word.equals("offered") ? "offered (\\d+)" : "(\\d+) " + word)
              .matcher(ledger);
      assertThat(found.find()).as(ledger).isTrue();
      sum += Long.parseLong(found.group(1));
    }
    return sum;
  }

  /** tcpdump on the right end; captures when this returns. */
  public Tcpdump tcpdump(Path directory) throws IOException {
    return Tcpdump.start(
        network,
        directory,
        "-i",
        PrivateNetwork.RIGHT,
        "-B",
        "262144",
        // the room of a frame in that: all fit in, however late it reads them
        "-s",
        "16384");
  }

  /** The frames of a capture file, in hex. */
  public static List<String> frames(Path file) throws IOException {
    List<String> frames = new ArrayList<>();
    try (CaptureFile stored = CaptureFile.open(file)) {
      while (!stored.isEnded()) {
        try (Block block = stored.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            frames.add(HexFormat.of().formatHex(f.payload()));
          }
        }
      }
    }
    return frames;
  }

  /**
   * A job that was cancelled may still close its captures: the next lab would have their ledgers.
   */
  private void awaitLedgers() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (ledgers().size() < opened.get() && System.nanoTime() < end) {
      LockSupport.parkNanos(10_000_000);
    }
  }

  @Override
  public void close() {
    awaitLedgers();
    LEDGERS.removeHandler(ledgerHandler);
    OPENINGS.removeHandler(openingHandler);
    network.close();
  }
}
