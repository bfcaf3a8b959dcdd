package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A TaskManager is killed, and its reader goes to the other's host: processes of their own on two
 * hosts, which are network namespaces with a link between them. {@code -Dringtap.failovers=10}
 * repeats it with new hosts.
 */
@Timeout(1800)
class FailoverIT {
  private static final String FIRST = "10.77.0.1";
  private static final String SECOND = "10.77.0.2";
  private static final int OF_SECOND = 1_000_000;
  private static final int FLOWS = 40;

  @TempDir Path temporary;

  private final List<Process> processes = new ArrayList<>();
  private final Map<String, Process> kept = new HashMap<>();
  private final List<PrivateNetwork> networks = new ArrayList<>();
  private Path directory;
  private int sent;

  @AfterEach
  void stopAll() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
    }
    networks.forEach(PrivateNetwork::close);
    processes.clear();
    kept.clear();
    networks.clear();
  }

  private static void ip(PrivateNetwork network, String arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments.split(" ")));
    network.call(
        () -> {
          Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
          String output = new String(process.getInputStream().readAllBytes());
          assertThat(process.waitFor()).as(command + ": " + output).isZero();
          return null;
        });
  }

  private void createHosts() throws IOException {
    Requirements.programs("ip");
    PrivateNetwork first = PrivateNetworks.createOrSkip();
    networks.add(first);
    PrivateNetwork second = PrivateNetworks.createOrSkip();
    networks.add(second);
    String ofSecond =
        second.call(
            () -> "/proc/" + Files.readSymbolicLink(Path.of("/proc/thread-self")) + "/ns/net");
    ip(first, "link add link0 type veth peer name link1 netns " + ofSecond);
    ip(first, "addr add " + FIRST + "/24 dev link0");
    ip(first, "link set link0 up");
    ip(second, "addr add " + SECOND + "/24 dev link1");
    ip(second, "link set link1 up");
  }

  private Process start(PrivateNetwork network, String name, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.time=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx384m",
            "-Djava.io.tmpdir=" + directory,
            "-Djava.util.logging.config.file=" + directory.resolve("logging.properties"),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main.getName()));
    command.addAll(List.of(arguments));
    Process process =
        network.call(
            () -> {
              ProcessBuilder builder =
                  new ProcessBuilder(command)
                      .directory(directory.toFile())
                      .redirectErrorStream(true)
                      .redirectOutput(directory.resolve(name + ".txt").toFile());
              builder.environment().put("FLINK_CONF_DIR", directory.toString());
              return builder.start();
            });
    processes.add(process);
    return process;
  }

  /** A process of Flink ends if its actor system does not start in 10 s, as on a loaded machine. */
  private void keep(String name, Callable<Process> starter) throws Exception {
    Process running = kept.get(name);
    if (running == null || !running.isAlive()) {
      kept.put(name, starter.call());
    }
  }

  private void keepAll() throws Exception {
    PrivateNetwork host = networks.get(0);
    keep(
        "jobmanager",
        () -> start(host, "jobmanager", FailoverJob.class, directory.toString(), FIRST));
    keep("first", () -> startTaskManager(host, "first", FIRST));
    keep("second", () -> startTaskManager(networks.get(1), "second", SECOND));
  }

  private Process startTaskManager(PrivateNetwork network, String name, String address)
      throws IOException {
    return start(
        network,
        name,
        TaskManagerRunner.class,
        "--configDir",
        directory.toString(),
        "-Dtaskmanager.host=" + address,
        "-Dtaskmanager.resource-id=" + name,
        "-Dtaskmanager.cpu.cores=2",
        "-Dtaskmanager.memory.task.heap.size=128m",
        "-Dtaskmanager.memory.task.off-heap.size=64m",
        "-Dtaskmanager.memory.managed.size=64m",
        "-Dtaskmanager.memory.network.min=64m",
        "-Dtaskmanager.memory.network.max=64m",
        "-Dtaskmanager.memory.framework.heap.size=128m",
        "-Dtaskmanager.memory.framework.off-heap.size=128m",
        "-Dtaskmanager.memory.jvm-metaspace.size=256m",
        "-Dtaskmanager.memory.jvm-overhead.min=192m",
        "-Dtaskmanager.memory.jvm-overhead.max=192m");
  }

  private void configure() throws IOException {
    Files.writeString(
        directory.resolve("logging.properties"),
        "handlers=java.util.logging.ConsoleHandler\n"
            + ".level=WARNING\n"
            + "java.util.logging.ConsoleHandler.level=ALL\n"
            + "dev.ringtap.level=INFO\n");
    Files.writeString(
        directory.resolve("config.yaml"),
        "jobmanager.rpc.address: "
            + FIRST
            + "\n"
            + "jobmanager.memory.process.size: 768m\n"
            + "jobmanager.retrieve-taskmanager-hostname: false\n"
            + "rest.address: "
            + FIRST
            + "\n"
            + "taskmanager.numberOfTaskSlots: "
            + FailoverJob.SLOTS
            + "\n"
            + "taskmanager.load-balance.mode: SLOTS\n"
            + "restart-strategy.type: fixed-delay\n"
            + "restart-strategy.fixed-delay.attempts: 10\n"
            + "restart-strategy.fixed-delay.delay: 100 ms\n"
            + "heartbeat.interval: 500 ms\n"
            + "heartbeat.timeout: 120 s\n"
            + "heartbeat.rpc-failure-threshold: 2\n"
            + "pekko.ask.timeout: 120 s\n");
  }

  /** A frame of one of many flows. */
  private static byte[] frame(int number) {
    byte[] payload = ByteBuffer.allocate(50).putInt(number).array();
    return Packets.ethernet(
        Packets.udp("10.0.0.1", 1000 + number % FLOWS, "10.0.0.2", 53, payload));
  }

  private void send(PrivateNetwork network, int first, int count) throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < count; i++) {
        sender.send(frame(first + i));
      }
    }
  }

  /** The lines of all readers. */
  private List<String> lines() {
    List<String> lines = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".frames")).toList()) {
        String text = Files.readString(file);
        lines.addAll(text.substring(0, text.lastIndexOf('\n') + 1).lines().toList());
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return lines;
  }

  private static int number(String line) {
    return Integer.parseInt(line.split(" ")[1]);
  }

  private boolean isSeen(int from, int to, String members) {
    Set<String> seen = new HashSet<>();
    for (String line : lines()) {
      if (number(line) >= from && number(line) < to) {
        seen.add(line.substring(0, 1));
      }
    }
    return members.chars().allMatch(member -> seen.contains(String.valueOf((char) member)));
  }

  private void sendToFirstUntil(BooleanSupplier condition, String what) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(240);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        StringBuilder logs = new StringBuilder(what);
        for (String name : List.of("jobmanager", "first", "second")) {
          logs.append('\n').append(Files.readString(directory.resolve(name + ".txt")));
        }
        throw new AssertionError(logs);
      }
      send(networks.get(0), sent, FLOWS);
      sent += FLOWS;
      Thread.sleep(50);
    }
  }

  @Test
  void noFrameComesTwiceAfterAReaderWentToTheHostOfAnother() throws Exception {
    for (int run = 0; run < Integer.getInteger("ringtap.failovers", 1); run++) {
      failOver(run);
      stopAll();
    }
  }

  /** Whichever reader had it, and before or after the failover: each capture counts from 0. */
  private void requireNumbersWithoutHoles() {
    Map<String, List<Long>> byCapture = new TreeMap<>();
    for (String line : lines()) {
      String[] fields = line.split(" ", 4);
      byCapture.computeIfAbsent(fields[3], any -> new ArrayList<>()).add(Long.parseLong(fields[2]));
    }
    assertThat(byCapture).hasSizeGreaterThanOrEqualTo(3);
    assertThat(byCapture.keySet()).anyMatch(each -> each.contains("host=" + FIRST));
    assertThat(byCapture.keySet()).anyMatch(each -> each.contains("host=" + SECOND));
    byCapture.forEach(
        (capture, sequences) -> {
          Collections.sort(sequences);
          assertThat(sequences)
              .as(capture)
              .isEqualTo(LongStream.range(0, sequences.size()).boxed().toList());
        });
    System.out.println(byCapture.keySet());
  }

  private void failOver(int run) throws Exception {
    directory = Files.createDirectory(temporary.toAbsolutePath().resolve("run" + run));
    createHosts();
    configure();
    int[] ofSecond = {OF_SECOND};
    sendToFirstUntil(
        () -> {
          try {
            keepAll();
            send(networks.get(1), ofSecond[0], FLOWS);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
          ofSecond[0] += FLOWS;
          return isSeen(0, OF_SECOND, "0") && isSeen(OF_SECOND, Integer.MAX_VALUE, "0");
        },
        "both hosts are captured");
    kept.get("second").destroyForcibly();
    sendToFirstUntil(() -> isSeen(0, OF_SECOND, "01"), "the second reader is on the first host");
    int first = sent;
    send(networks.get(0), first, 500);
    sent += 500;
    int after = sent;
    sendToFirstUntil(() -> isSeen(after, OF_SECOND, "01"), "both have read what was before that");
    Map<Integer, List<String>> byNumber = new HashMap<>();
    for (String line : lines()) {
      byNumber.computeIfAbsent(number(line), any -> new ArrayList<>()).add(line);
    }
    assertThat(byNumber.values()).allSatisfy(once -> assertThat(once).hasSize(1));
    for (int number = first; number < after; number++) {
      assertThat(byNumber).containsKey(number);
    }
    requireNumbersWithoutHoles();
    assertThat(Files.readString(directory.resolve("jobmanager.txt")))
        .contains("host " + SECOND + " is not captured: readers run only on [" + FIRST + "]");
  }
}
