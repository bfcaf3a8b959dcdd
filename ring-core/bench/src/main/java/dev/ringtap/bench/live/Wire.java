package dev.ringtap.bench.live;

import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A virtual wire in a network namespace of its own: the generator sends on its left end, from one
 * processor, and readers read on its right end, on another. On such a wire the kernel's own work on
 * receiving is done on the sender's processor, and counts as nobody's that is measured.
 */
final class Wire implements AutoCloseable {
  static final String READERS_END = PrivateNetwork.RIGHT;

  private static final int GENERATORS_PROCESSOR = 0;
  private static final int READERS_PROCESSOR = 1;

  private final Programs programs;
  private final PrivateNetwork network;

  /** Frames that the readers' end has not counted. */
  private long injected;

  Wire(Programs programs) throws IOException {
    this.programs = programs;
    network = PrivateNetwork.create();
    for (String end : List.of(PrivateNetwork.LEFT, PrivateNetwork.RIGHT)) {
      // one ring entry is one frame
      run(List.of("ethtool", "-K", end, "gro", "off", "gso", "off", "tso", "off"));
    }
  }

  /** Starts a reader. Its errors go where this process's go, or are for the caller to read. */
  Process startReader(ReaderKind kind, Redirect errors) throws IOException {
    List<String> command = pinned(READERS_PROCESSOR, programs.reader(kind, READERS_END));
    return network.call(() -> new ProcessBuilder(command).redirectError(errors).start());
  }

  /**
   * Lets frames come in at the readers' end that nobody sends over the wire, as many in a second as
   * the kernel can.
   *
   * @return the nanoseconds that it took
   */
  long inject(Traffic traffic, long frames) throws IOException {
    List<String> command = programs.injector(READERS_END, traffic, frames);
    long nanos = Long.parseLong(run(pinned(GENERATORS_PROCESSOR, command)).strip());
    injected += frames;
    return nanos;
  }

  /** Frames that have come to the readers' end since the wire was made. */
  long offered() throws IOException {
    // the process's own /proc/net is that of its first thread
    List<String> interfaces =
        network.call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/dev")));
    for (String line : interfaces) {
      String[] columns = line.strip().split("[:\\s]+");
      if (columns[0].equals(READERS_END)) {
        return Long.parseLong(columns[2]) + injected;
      }
    }
    throw new IllegalStateException(READERS_END + " is not in " + interfaces);
  }

  private String run(List<String> command) throws IOException {
    Process process = network.call(() -> new ProcessBuilder(command).start());
    String said = new String(process.getInputStream().readAllBytes());
    String errors = new String(process.getErrorStream().readAllBytes());
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + " failed: " + errors);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return said;
  }

  private static List<String> pinned(int processor, List<String> command) {
    List<String> pinned = new ArrayList<>(List.of("taskset", "-c", Integer.toString(processor)));
    pinned.addAll(command);
    return pinned;
  }

  @Override
  public void close() {
    network.close();
  }
}
