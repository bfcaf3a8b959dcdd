package dev.ringtap.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.lab.PrivateNetwork;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** tcpdump on an interface of a private network: what it stores is what payloads must be. */
public final class Tcpdump implements AutoCloseable {
  private final Process process;
  private final BufferedReader errors;
  private final Path file;

  /** A packet as tcpdump stored it. */
  public record Stored(int originalLength, byte[] bytes) {}

  /** All that it stored. */
  public record Dump(int linkType, List<Stored> packets) {}

  private Tcpdump(Process process, Path file) {
    this.process = process;
    this.errors = process.errorReader();
    this.file = file;
  }

  /** Starts one; it captures when this returns. */
  public static Tcpdump start(PrivateNetwork network, Path directory, String... options)
      throws IOException {
    Requirements.programs("tcpdump");
    Path file = directory.resolve("tcpdump-" + System.nanoTime() + ".pcap");
    List<String> command =
        new ArrayList<>(
            List.of(
                "tcpdump", "-Z", "root", "-B", "65536", "--immediate-mode", "-w", file.toString()));
    command.addAll(List.of(options));
    Tcpdump started =
        new Tcpdump(
            network.call(
                () ->
                    new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()),
            file);
    StringBuilder seen = new StringBuilder();
    for (String line; (line = started.errors.readLine()) != null; ) {
      seen.append(line).append('\n');
      if (line.contains("listening on")) {
        return started;
      }
    }
    throw new AssertionError("tcpdump ended: " + seen);
  }

  /** What `tcpdump -ddd` prints for an expression on an interface. */
  public static String compile(PrivateNetwork network, String interfaceName, String expression)
      throws IOException {
    return run(network, "tcpdump", "-i", interfaceName, "-ddd", expression);
  }

  /** Runs a command in the network, which must succeed; what it prints. */
  public static String run(PrivateNetwork network, String... command) throws IOException {
    Requirements.programs(command[0]);
    Process process =
        network.call(
            () ->
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start());
    String text = new String(process.getInputStream().readAllBytes());
    try {
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    assertThat(process.exitValue()).as(String.join(" ", command) + "\n" + text).isZero();
    return text;
  }

  /** What it says when it refuses to start, without its own name and its warnings. */
  public static String refusal(PrivateNetwork network, String... command) throws Exception {
    Requirements.programs(command[0]);
    Process process = network.call(() -> new ProcessBuilder(command).start());
    List<String> said = process.errorReader().lines().toList();
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(String.join(" ", command)).isNotZero();
    return said.get(said.size() - 1).replaceFirst("^tcpdump: ", "");
  }

  /** Ends it and reads what it stored, which must be this many packets. */
  public Dump stop(int packets) throws Exception {
    String said = end();
    Dump dump = read(file);
    assertThat(dump.packets()).as("stored by tcpdump: " + said).hasSize(packets);
    return dump;
  }

  /** Ends it; the file that it wrote. */
  public Path stop() throws Exception {
    end();
    return file;
  }

  private String end() throws Exception {
    Thread.sleep(150);
    // not through the Process, which would close what is read below
    process.toHandle().destroy();
    String said = String.join("\n", errors.lines().toList());
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(said).contains("0 packets dropped by kernel");
    return said;
  }

  /** What a file of tcpdump's holds. */
  public static Dump read(Path file) throws IOException {
    return read(Files.readAllBytes(file));
  }

  private static Dump read(byte[] pcap) {
    ByteBuffer in = ByteBuffer.wrap(pcap).order(ByteOrder.nativeOrder());
    List<Stored> packets = new ArrayList<>();
    for (int at = 24; at < pcap.length; at += 16 + in.getInt(at + 8)) {
      byte[] bytes = Arrays.copyOfRange(pcap, at + 16, at + 16 + in.getInt(at + 8));
      packets.add(new Stored(in.getInt(at + 12), bytes));
    }
    return new Dump(in.getInt(20), packets);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
