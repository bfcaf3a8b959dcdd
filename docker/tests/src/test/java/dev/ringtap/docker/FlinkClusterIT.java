package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringtap.record.Packet;
import dev.ringtap.testcontainers.NumberedFrames;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.TestApp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.MountableFile;

/**
 * A session cluster of a JobManager and two TaskManagers with one slot each; one of them shares the
 * network of an application. Jobs are submitted as users do it.
 */
@Timeout(240)
@RequiresImages({"agent", "kafka", "flink"})
class FlinkClusterIT {
  private static final Path JOBS = Path.of("..", "flink", "target", "jobs.jar");
  private static final String FILE = "/data/frames.pcapng";
  private static final int FRAMES = 3000;
  private static final Duration START = Duration.ofSeconds(120);

  private static Network network;
  private static KafkaBroker kafka;
  private static TestApp app;
  private static GenericContainer<?> jobManager;
  private static final List<GenericContainer<?>> TASK_MANAGERS = new ArrayList<>();
  private static Rest rest;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    Path file = NumberedFile.write(directory.resolve("frames.pcapng"), NumberedFile.frames(FRAMES));
    network = Network.newNetwork();
    kafka = new KafkaBroker(network);
    app = new TestApp().withNetwork(network);
    jobManager =
        flink("jobmanager", file)
            .withNetwork(network)
            .withNetworkAliases("jobmanager")
            .withExposedPorts(8081)
            .waitingFor(Wait.forHttp("/overview").withStartupTimeout(START));
    TASK_MANAGERS.add(flink("taskmanager", file).withNetwork(network));
    Stream.of(kafka, app, jobManager).parallel().forEach(each -> each.start());
    TASK_MANAGERS.add(
        flink("taskmanager", file).withNetworkMode("container:" + app.getContainerId()));
    TASK_MANAGERS.parallelStream().forEach(each -> each.start());
    rest = new Rest(jobManager, 8081);
    awaitTaskManagers();
  }

  private static GenericContainer<?> flink(String command, Path file) {
    return new GenericContainer<>(TestApp.image("flink"))
        .withCommand(command)
        .withEnv(
            "FLINK_PROPERTIES",
            """
            rest.bind-address: 0.0.0.0
            taskmanager.numberOfTaskSlots: 1
            taskmanager.memory.process.size: 1024m
            heartbeat.interval: 1000
            heartbeat.timeout: 5000
            """)
        .withCopyFileToContainer(MountableFile.forHostPath(file, 0644), FILE);
  }

  private static void awaitTaskManagers() throws Exception {
    Rest.await("two TaskManagers", () -> rest.get("/overview").get("slots-available").asInt() == 2);
  }

  @AfterAll
  static void stop() throws Exception {
    List<AutoCloseable> all = new ArrayList<>(TASK_MANAGERS);
    all.addAll(Stream.of(jobManager, app, kafka, network).toList());
    for (AutoCloseable each : all) {
      each.close();
    }
  }

  /** Runs {@code flink} in the JobManager's container, which must succeed. */
  private static String flink(String... arguments) throws Exception {
    ExecResult result =
        jobManager.execInContainer(
            Stream.concat(Stream.of("flink"), Stream.of(arguments)).toArray(String[]::new));
    assertThat(result.getExitCode()).as(result.toString()).isZero();
    return result.getStdout();
  }

  private static String state(String job) throws Exception {
    return rest.get("/jobs/" + job).get("state").asText();
  }

  @Test
  void dataStreamJobIsExactlyOnceThoughItsTaskManagerIsKilled() throws Exception {
    String jar = rest.upload("/jars/upload", JOBS).get("filename").asText();
    String job =
        rest.post(
                "/jars/" + jar.substring(jar.lastIndexOf('/') + 1) + "/run",
                Map.of(
                    "entryClass",
                    "dev.ringtap.docker.FramesToKafka",
                    "programArgsList",
                    List.of(
                        "--file",
                        FILE,
                        "--rate",
                        "" + FRAMES / 10,
                        "--topic",
                        "replayed",
                        "--brokers",
                        KafkaBroker.INSIDE)))
            .get("jobid")
            .asText();
    Rest.await(
        "frames that a checkpoint has committed",
        () -> !Topic.packets(kafka.outside(), "replayed").isEmpty());

    GenericContainer<?> runs = taskManagerOf(job);
    runs.getDockerClient().killContainerCmd(runs.getContainerId()).exec();
    assertThat(state(job)).as("it was killed in between").isNotEqualTo("FINISHED");
    Rest.await("end of the job", () -> state(job).equals("FINISHED"));

    List<Packet> packets = Topic.packets(kafka.outside(), "replayed");
    assertThat(packets.stream().map(packet -> packet.getPayload().array()))
        .containsExactlyElementsOf(NumberedFile.frames(FRAMES));
    assertThat(rest.get("/jobs/" + job + "/checkpoints").at("/counts/restored").asInt())
        .isPositive();

    runs.getDockerClient().startContainerCmd(runs.getContainerId()).exec();
    awaitTaskManagers();
  }

  /** The container that runs the one task of a job. */
  private static GenericContainer<?> taskManagerOf(String job) throws Exception {
    String vertex = rest.get("/jobs/" + job).at("/vertices/0/id").asText();
    JsonNode task = rest.get("/jobs/" + job + "/vertices/" + vertex).at("/subtasks/0");
    String address = app.shell("hostname -i").strip();
    return TASK_MANAGERS.get(task.toString().contains(address + ":") ? 1 : 0);
  }

  @Test
  void dataStreamJobReadsTheRing() throws Exception {
    String submitted =
        flink(
            "run",
            "-d",
            "-p",
            "2",
            "-c",
            "dev.ringtap.docker.FramesToKafka",
            "/opt/flink/jobs.jar",
            "--interface",
            "eth0",
            "--filter",
            NumberedFrames.FILTER,
            "--topic",
            "captured",
            "--brokers",
            KafkaBroker.INSIDE);
    String job = submitted.replaceFirst("(?s).*JobID (\\w+).*", "$1");
    Rest.await(
        "first frame",
        () -> {
          NumberedFrames.send(app, 0, 0);
          return !Topic.packets(kafka.outside(), "captured").isEmpty();
        });
    NumberedFrames.send(app, 1, FRAMES / 10);
    Rest.await("last frame", () -> captured().contains(FRAMES / 10));

    assertThat(captured()).isEqualTo(NumberedFrames.upTo(FRAMES / 10));
    flink("cancel", job);
    awaitTaskManagers();
  }

  /** Without the zeros, which were sent before anybody was known to listen. */
  private static List<Integer> captured() throws IOException {
    return Topic.numbers(Topic.packets(kafka.outside(), "captured")).stream()
        .filter(number -> number != 0)
        .toList();
  }

  @Test
  void sqlJobCountsAFileExactly() throws Exception {
    String script =
        """
        SET 'execution.runtime-mode' = 'batch';
        CREATE TABLE packets (original_length INT, ip_src STRING, dst_port INT)
          WITH ('connector' = 'ringtap', 'path' = '%s');
        SELECT ip_src, COUNT(*) AS frames, SUM(original_length) AS total
          FROM packets WHERE dst_port = 9 GROUP BY ip_src;
        """;
    jobManager.copyFileToContainer(
        Transferable.of(script.formatted(FILE), 0644), "/data/count.sql");

    int bytes = NumberedFile.frames(FRAMES).stream().mapToInt(frame -> frame.length).sum();
    assertThat(flink("sql", "-f", "/data/count.sql"))
        .containsPattern("\\|\\s*10\\.0\\.0\\.1 \\|\\s*%d \\|\\s*%d \\|".formatted(FRAMES, bytes));
  }
}
