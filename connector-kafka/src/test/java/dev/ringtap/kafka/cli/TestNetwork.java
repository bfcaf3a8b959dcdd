package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A named network namespace with a wire, {@code left} to {@code right}, for whole commands: the
 * ringtap of this build, and the tools that it is held against.
 */
final class TestNetwork implements AutoCloseable {
  static final String LEFT = "left";
  static final String RIGHT = "right";

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final Path RINGTAP = Path.of("bin/ringtap").toAbsolutePath();

  private final String name =
      "ringtap-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
  private final List<Process> started = new ArrayList<>();

  private TestNetwork() {}

  /** Makes one, or skips the test where that is not allowed. */
  static TestNetwork create() throws IOException {
    Requirements.privateNetwork();
    Requirements.programs("ip");
    TestNetwork network = new TestNetwork();
    run("ip", "netns", "add", network.name);
    String in = "ip -n " + network.name + " ";
    for (String command :
        new String[] {
          in + "link add left mtu 9000 type veth peer name right mtu 9000",
          "ip netns exec " + network.name + " sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
          in + "link set lo up",
          in + "link set left up",
          in + "link set right up",
        }) {
      run(command.split(" "));
    }
    return network;
  }

  String name() {
    return name;
  }

  /** Makes the wire that was removed again; frames for 10.7.0.2 go out on its left end. */
  void makeWire() throws IOException {
    exec(("ip link add " + LEFT + " type veth peer name " + RIGHT).split(" "));
    for (String end : new String[] {LEFT, RIGHT}) {
      exec("ip", "link", "set", end, "up");
    }
    exec("ip", "addr", "add", "10.7.0.1/24", "dev", LEFT);
    exec("ip", "neigh", "add", "10.7.0.2", "lladdr", "02:00:00:00:00:02", "dev", LEFT);
  }

  /** Runs a command to its end, outside the namespace; its output, which must come with exit 0. */
  static String run(String... command) throws IOException {
    Output output = new Output(new ProcessBuilder(command).redirectErrorStream(true).start());
    assertThat(output.exitCode(60)).as(String.join(" ", command) + "\n" + output.text()).isZero();
    return output.text();
  }

  /** Runs a command inside the namespace to its end. */
  String exec(String... command) throws IOException {
    return run(inside(command).toArray(String[]::new));
  }

  /** Starts a command inside the namespace. */
  Output start(String... command) throws IOException {
    return started(inside(command));
  }

  private Output started(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    started.add(process);
    return new Output(process);
  }

  /** Starts a command inside the namespace, and within a limit on memory. */
  Output start(MemoryLimit limit, String... command) throws IOException {
    // the limit comes first: inside the namespace, /sys is another
    List<String> whole = new ArrayList<>(limit.prefix());
    whole.addAll(inside(command));
    return started(whole);
  }

  /** Starts the ringtap command inside the namespace. */
  Output ringtap(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(RINGTAP.toString());
    command.addAll(List.of(arguments));
    return start(command.toArray(String[]::new));
  }

  /** A broker inside the namespace, on 127.0.0.1:9092, once it answers. */
  Output broker(Path directory) throws IOException {
    Output broker = ringtap("broker", "--dir", directory.toString());
    broker.await("broker on 127.0.0.1:9092");
    return broker;
  }

  /** Replays a capture file on the left end; the frames that were sent. */
  long replay(Path file, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of("tcpreplay", "-i", LEFT));
    command.addAll(List.of(options));
    command.add(file.toString());
    return sent(exec(command.toArray(String[]::new)));
  }

  /** The frames that tcpreplay's own summary says were sent. */
  static long sent(String summary) {
    return summary
        .lines()
        .filter(line -> line.contains("Successful packets:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow(() -> new AssertionError(summary));
  }

  private List<String> inside(String... command) {
    List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", name));
    whole.addAll(List.of(command));
    return whole;
  }

  @Override
  public void close() throws IOException {
    for (Process process : started) {
      process.destroyForcibly();
    }
    for (Process process : started) {
      try {
        process.waitFor(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    run("ip", "netns", "del", name);
  }
}
