package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A JobManager, a TaskManager and Flink's SQL client, each a JVM of its own with nothing on its
 * class path but the jars of the distribution and the connector's SQL jar, in a private network.
 */
@Timeout(120)
class StockDistributionIT {
  private static final String[] JVM = {
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.time=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
  };

  private static final Path PAGE = Path.of("SQL-CLIENT.md");
  private static final String RESULT = "<!-- result -->\n```\n";

  @TempDir Path directory;

  /** Whether the connector is in lib/. */
  private boolean withRingtap = true;

  private PrivateNetwork network;
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  @AfterEach
  void stopAll() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
    }
    if (network != null) {
      network.close();
    }
  }

  private static String classPath(boolean withRingtap) throws IOException {
    List<String> jars = new ArrayList<>();
    try (Stream<Path> lib = Files.list(Path.of("target/flink/lib"))) {
      lib.forEach(jar -> jars.add(jar.toAbsolutePath().toString()));
    }
    if (withRingtap) {
      jars.add(sqlJar().toString());
    }
    return String.join(File.pathSeparator, jars);
  }

  private static Path sqlJar() throws IOException {
    try (Stream<Path> built = Files.list(Path.of("target"))) {
      List<Path> sql = built.filter(jar -> jar.toString().endsWith("-sql.jar")).toList();
      assertThat(sql).as("the SQL jar").hasSize(1);
      return sql.get(0).toAbsolutePath();
    }
  }

  private Path start(String name, String main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(JVM));
    command.addAll(
        List.of("-Xmx512m", "-Djava.io.tmpdir=" + directory, "-cp", classPath(withRingtap), main));
    command.addAll(List.of(arguments));
    Path output = directory.resolve(name + ".txt");
    processes.add(
        network.call(
            () -> {
              ProcessBuilder builder =
                  new ProcessBuilder(command)
                      .directory(directory.toFile())
                      .redirectErrorStream(true)
                      .redirectOutput(output.toFile());
              builder.environment().put("FLINK_CONF_DIR", directory.toString());
              return builder.start();
            }));
    return output;
  }

  private void startCluster() throws IOException {
    Files.writeString(
        directory.resolve("logging.properties"),
        "handlers=java.util.logging.ConsoleHandler\n"
            + ".level=WARNING\n"
            + "dev.ringtap.flink.source.SplitLedger.level=INFO\n");
    Files.writeString(
        directory.resolve("config.yaml"),
        "jobmanager.rpc.address: 127.0.0.1\n"
            + "jobmanager.rpc.port: 6123\n"
            + "rest.address: 127.0.0.1\n"
            + "rest.port: 8081\n"
            + "taskmanager.host: 127.0.0.1\n"
            + "taskmanager.numberOfTaskSlots: 2\n"
            + "sql-client.execution.result-mode: tableau\n");
    start(
        "jobmanager",
        "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
        "--configDir",
        directory.toString(),
        "-D",
        "jobmanager.memory.process.size=768m");
    start(
        "taskmanager",
        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        "--configDir",
        directory.toString(),
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
        "-Dtaskmanager.memory.jvm-overhead.max=192m",
        "-Dtaskmanager.resource-id=one");
  }

  /** Frames on three VLANs, again and again until the query has ended. */
  private long sendUntil(Process ended) throws Exception {
    List<byte[]> frames = new ArrayList<>();
    for (int vlan = 100; vlan < 103; vlan++) {
      byte[] frame = Packets.ethernet(Packets.udp("10.0.0.1", 1, "10.0.0.2", 53, new byte[50]));
      frames.add(Packets.tag(frame, 0x8100, vlan));
    }
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
      while (ended.isAlive() && System.nanoTime() < end) {
        for (byte[] frame : frames) {
          sender.send(frame);
        }
        Thread.sleep(10);
      }
      return sender.sent();
    }
  }

  /** The page's session, whose jar is nowhere but in its ADD JAR, and the result that it shows. */
  @Test
  void theSessionOfThePageBringsItsJarByPath() throws Exception {
    withRingtap = false;
    startCluster();
    String page = Files.readString(PAGE);
    int from = page.indexOf("```sql\n") + 7;
    String session =
        page.substring(from, page.indexOf("```", from))
            .replace("/jars/connector-flink-sql.jar", sqlJar().toString())
            .replace(
                "/captures/",
                Path.of("src/test/resources/captures").toAbsolutePath().toString() + "/");
    Path script = Files.writeString(directory.resolve("session.sql"), session);
    Path answer =
        start("client", "org.apache.flink.table.client.SqlClient", "-f", script.toString());
    Process client = processes.get(processes.size() - 1);
    assertThat(client.waitFor(90, TimeUnit.SECONDS)).isTrue();
    String text = Files.readString(answer);
    assertThat(client.exitValue()).as(text).isZero();
    String table =
        text.lines()
            .filter(line -> line.matches("\\| \\+I .*|\\| op .*|\\+-.*"))
            .map(line -> line + "\n")
            .collect(Collectors.joining());
    assertThat(table).as(text).contains("+I");
    int at = page.indexOf(RESULT) + RESULT.length();
    int end = page.indexOf("```", at);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(PAGE, page.substring(0, at) + table + page.substring(end));
    } else {
      assertThat(table.lines())
          .containsExactlyInAnyOrderElementsOf(page.substring(at, end).lines().toList());
    }
  }

  @Test
  void aQueryOverLivePacketsRunsFromTheSqlJarAlone() throws Exception {
    startCluster();
    Path script =
        Files.writeString(
            directory.resolve("query.sql"),
            "SET 'execution.runtime-mode' = 'batch';\n"
                + "SET 'parallelism.default' = '1';\n"
                + "CREATE TABLE packets (vlan_id INT, ip_src STRING, dst_port INT) WITH\n"
                + "  ('connector' = 'ringtap', 'interface' = '"
                + PrivateNetwork.RIGHT
                + "', 'ring-size' = '32', 'duration' = '4 s');\n"
                + "SELECT vlan_id, COUNT(*) AS frames FROM packets\n"
                + "  WHERE vlan_id < 102 AND dst_port = 53 GROUP BY vlan_id;\n");
    Path answer =
        start("client", "org.apache.flink.table.client.SqlClient", "-f", script.toString());
    Process client = processes.get(processes.size() - 1);
    long sent = sendUntil(client);
    String text = Files.readString(answer);
    assertThat(client.isAlive())
        .as(text + Files.readString(directory.resolve("taskmanager.txt")))
        .isFalse();
    assertThat(client.exitValue()).as(text).isZero();
    assertThat(text)
        .containsPattern("\\| +100 \\| +\\d+ \\|")
        .containsPattern("\\| +101 \\| +\\d+ \\|")
        .doesNotContainPattern("\\| +102 \\| +\\d+ \\|");
    System.out.println(
        sent + " frames sent; " + text.substring(text.lastIndexOf("| vlan_id") - 40));
    assertThat(Files.readString(directory.resolve("taskmanager.txt")))
        .containsPattern(
            "127\\.0\\.0\\.1/tap1#0 captureStart=\\S+Z: offered \\d+ = 0 dropped by the kernel"
                + " \\+ \\d+ emitted");
  }
}
