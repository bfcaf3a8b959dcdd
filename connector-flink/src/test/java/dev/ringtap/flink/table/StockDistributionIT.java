package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.flink.source.PcapFile;
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
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A JobManager, a TaskManager and Flink's SQL client, each a JVM of its own with nothing on its
 * class path but the jars of the distribution and the connector's SQL jar, in a private network.
 */
@Timeout(300)
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

  private static final int STORED_FRAMES = 4321;
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
    List<String> command = new ArrayList<>(List.of(JVM));
    command.addAll(
        List.of("-Xmx512m", "-Djava.io.tmpdir=" + directory, "-cp", classPath(withRingtap), main));
    command.addAll(List.of(arguments));
    return java(name, command);
  }

  /** A JVM in the network; the file that it writes to. */
  private Path java(String name, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(arguments);
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

  private Process last() {
    return processes.get(processes.size() - 1);
  }

  private Path ringtap(String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("-Xmx512m"));
    command.addAll(RingtapCommand.jvmArguments(arguments));
    return java(name, command);
  }

  /** Kafka's connector comes by ADD JAR; of Ringtap there is the SQL jar in lib/ alone. */
  @Test
  void theSqlClientReadsATopicOfTheAgent() throws Exception {
    assumeTrue(
        RingtapCommand.isBuilt(), "needs " + RingtapCommand.JAR + ", which `./mvnw verify` builds");
    startCluster();
    Path broker =
        ringtap("broker", "broker", "--port", "9092", "--dir", directory + "/broker-data");
    Process brokerProcess = last();
    while (!Files.readString(broker).contains("broker on ")) {
      assertThat(brokerProcess.isAlive()).as(Files.readString(broker)).isTrue();
      Thread.sleep(100);
    }
    String brokers = "127.0.0.1:9092";
    Path agent =
        ringtap(
            "agent",
            "capture",
            "-r",
            Path.of("src/test/resources/captures/web.pcap").toAbsolutePath().toString(),
            "-b",
            brokers,
            "-t",
            "packets",
            "--frames-per-record",
            "auto");
    assertThat(last().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(last().exitValue()).as(Files.readString(agent)).isZero();
    Path kafka =
        Path.of(KafkaSource.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path script =
        Files.writeString(
            directory.resolve("topic.sql"),
            "ADD JAR '"
                + kafka
                + "';\n"
                + "LOAD MODULE ringtap;\n"
                + "SET 'execution.runtime-mode' = 'batch';\n"
                + "CREATE TABLE packets (dst_port INT, l4_payload BYTES) WITH\n"
                + "  ('connector' = 'kafka', 'topic' = 'packets', 'format' = 'ringtap',\n"
                + "   'properties.bootstrap.servers' = '"
                + brokers
                + "',\n"
                + "   'scan.startup.mode' = 'earliest-offset',\n"
                + "   'scan.bounded.mode' = 'latest-offset');\n"
                + "SELECT dst_port, COUNT(*) AS frames,\n"
                + "    COUNT(http_request_line(l4_payload)) AS requests\n"
                + "  FROM packets WHERE dst_port IN (8080, 8444) GROUP BY dst_port;\n");
    Path answer =
        start("client", "org.apache.flink.table.client.SqlClient", "-f", script.toString());
    assertThat(last().waitFor(90, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(answer))
        .containsPattern("\\| +8080 \\| +33 \\| +5 \\|")
        .containsPattern("\\| +8444 \\| +17 \\| +0 \\|");
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
    Path file =
        PcapFile.write(
            directory.resolve("frames.pcap"), Packets.stream(1).limit(STORED_FRAMES).toList());
    Path script =
        Files.writeString(
            directory.resolve("query.sql"),
            "SET 'execution.runtime-mode' = 'batch';\n"
                + "SET 'parallelism.default' = '1';\n"
                + "CREATE TABLE stored (payload BYTES) WITH\n"
                + "  ('connector' = 'filesystem', 'format' = 'pcap', 'path' = '"
                + file.toUri()
                + "');\n"
                + "SELECT COUNT(payload) AS stored FROM stored;\n"
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
        .containsPattern("\\| +" + STORED_FRAMES + " \\|")
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
