package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the images' scripts give java, and which one: its place is taken by a script that tells. */
@Timeout(60)
class ImageScriptsTest {
  private static final Path DOCKER = Path.of("..").toAbsolutePath();

  @TempDir Path directory;

  @BeforeEach
  void makeJava() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs /bin/sh");
    for (String name : List.of("java", "java-capture")) {
      Path script = directory.resolve(name);
      Files.writeString(
          script,
          """
          #!/bin/sh
          case "$*" in
            *BashJavaUtils*) echo BASH_JAVA_UTILS_EXEC_RESULT:-Xmx1m; exit ;;
          esac
          echo "%s $*"
          echo "environment $(env)"
          [ -z "${FLINK_CONF_DIR:-}" ] || cat "$FLINK_CONF_DIR/config.yaml"
          """
              .formatted(name));
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private String run(Map<String, String> environment, String script, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", DOCKER.resolve(script).toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> variables = builder.environment();
    variables.put("PATH", directory + ":" + DOCKER.resolve("java") + ":" + variables.get("PATH"));
    variables.put("TMPDIR", directory.toString());
    variables.putAll(environment);
    return new String(builder.start().getInputStream().readAllBytes());
  }

  private String flink(String properties, String... arguments) throws IOException {
    return run(
        Map.of(
            "FLINK_CONF_DIR", DOCKER.resolve("flink").toString(), "FLINK_PROPERTIES", properties),
        "flink/flink",
        arguments);
  }

  @Test
  void flinksSettingsAreInAFileAndNotInTheListOfProcesses() throws IOException {
    String properties =
        """
        # a comment: none
        s3.secret-key: s3cret it's
          rest.address : elsewhere
        rest.address: there:8081 # no comment
        """;
    for (String command : List.of("jobmanager", "taskmanager", "sql", "run", "list")) {
      String told = flink(properties, command);
      List<String> config = told.substring(told.indexOf("\n# ") + 1).lines().toList();

      assertThat(told.lines().findFirst().orElseThrow()).doesNotContain("s3cret", "elsewhere");
      assertThat(told).doesNotContain("FLINK_PROPERTIES");
      assertThat(config)
          .contains("s3.secret-key: 's3cret it''s'", "taskmanager.rpc.port: 6122")
          .contains("rest.address: 'there:8081 # no comment'")
          .noneMatch(line -> line.startsWith("rest.address: localhost"))
          .noneMatch(line -> line.contains("elsewhere"));
    }
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.filter(Files::isDirectory))
          .hasSize(5)
          .allSatisfy(
              each ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                      .isEqualTo("rwx------"));
    }
  }

  @Test
  void onlyWhatCapturesHasTheCapability() throws IOException {
    assertThat(flink("", "taskmanager")).startsWith("java-capture ");
    assertThat(flink("", "run", "--target", "local", "x.jar")).startsWith("java-capture ");
    assertThat(flink("execution.target: local", "sql")).startsWith("java-capture ");
    assertThat(flink("", "jobmanager")).startsWith("java ");
    assertThat(flink("", "run", "-d", "x.jar")).startsWith("java ");
    assertThat(flink("", "sql")).startsWith("java ");
    assertThat(flink("", "list")).startsWith("java ");
    assertThat(run(Map.of(), "agent/ringtap", "capture")).startsWith("java-capture ");
    assertThat(run(Map.of(), "agent/ringtap", "@/etc/ringtap/x")).startsWith("java-capture ");
    assertThat(run(Map.of(), "agent/ringtap", "dump")).startsWith("java ");
  }

  @Test
  void ofFlinksOwnImageTheTaskManagersHaveTheCapability() throws IOException {
    for (String runner :
        List.of(
            "runtime.taskexecutor.TaskManagerRunner",
            "kubernetes.taskmanager.KubernetesTaskExecutorRunner")) {
      assertThat(run(Map.of(), "flink/official-java", "-Xmx1g", "org.apache.flink." + runner, "-D"))
          .startsWith("java-capture --enable-native-access=ALL-UNNAMED");
    }
    assertThat(
            run(
                Map.of(),
                "flink/official-java",
                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"))
        .doesNotContain("java-capture");
  }

  /** Then it goes on to the packet socket, of which a test has none. */
  @Test
  void theAgentsHealthIsWhatItSaysItself() throws IOException {
    HttpServer agent =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    try {
      AtomicInteger status = new AtomicInteger(200);
      agent.createContext(
          "/livez",
          exchange -> {
            byte[] text = "FAIL capture loop of eth0\n".getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(status.get(), text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
          });
      agent.start();
      int port = agent.getAddress().getPort();
      for (String metrics : List.of("" + port, "0.0.0.0:" + port, "localhost:" + port)) {
        status.set(200);
        assertThat(run(Map.of("RINGTAP_METRICS", metrics), "agent/ringtap-health"))
            .startsWith("HTTP/1.1 200 OK")
            .doesNotContain("FAIL");
        status.set(503);
        assertThat(run(Map.of("RINGTAP_METRICS", metrics), "agent/ringtap-health"))
            .startsWith("HTTP/1.1 503")
            .endsWith("FAIL capture loop of eth0\n");
      }
    } finally {
      agent.stop(0);
    }
  }

  @Test
  void restInterfacesListenOnTheLoopback() throws IOException {
    assertThat(flink("", "jobmanager")).contains("\nrest.bind-address: localhost\n");
    assertThat(run(Map.of("CONNECT_BOOTSTRAP_SERVERS", "k:9092"), "connect/connect"))
        .startsWith("java-capture ")
        .contains("\nCONNECT_LISTENERS=http://127.0.0.1:8083\n");
    String open = "http://0.0.0.0:8083";
    assertThat(
            run(
                Map.of("CONNECT_BOOTSTRAP_SERVERS", "k:9092", "CONNECT_LISTENERS", open),
                "connect/connect"))
        .contains("\nCONNECT_LISTENERS=" + open + "\n");
  }
}
