package dev.ringtap.kafka.agent;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * Three Kafka servers, each a process of its own with broker and controller, that keep three copies
 * of each record and want two of them written. Not thread-safe.
 */
final class BrokerCluster implements AutoCloseable {
  static final int NODES = 3;

  private static final String CONTROLLER_LISTENER = "CONTROLLER";

  private final Path directory;
  private final List<Integer> brokerPorts = new ArrayList<>();
  private final List<Integer> controllerPorts = new ArrayList<>();
  private final Process[] processes = new Process[NODES];

  private BrokerCluster(Path directory) {
    this.directory = directory;
  }

  /** Starts all of them; they answer when they have found one another. */
  static BrokerCluster start(Path directory) throws Exception {
    BrokerCluster cluster = new BrokerCluster(directory);
    cluster.takePorts();
    String clusterId = Uuid.randomUuid().toString();
    try {
      for (int node = 0; node < NODES; node++) {
        cluster.format(node, clusterId);
        cluster.start(node);
      }
      return cluster;
    } catch (Exception e) {
      cluster.close();
      throw e;
    }
  }

  /** All at once, so that they differ. */
  private void takePorts() throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 2 * NODES; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    }
    for (ServerSocket socket : sockets) {
      List<Integer> ports = brokerPorts.size() < NODES ? brokerPorts : controllerPorts;
      ports.add(socket.getLocalPort());
      socket.close();
    }
  }

  private Path data(int node) {
    return directory.resolve("data-" + node);
  }

  private Path settingsFile(int node) {
    return directory.resolve("node-" + node + ".properties");
  }

  private void format(int node, String clusterId) throws Exception {
    new Formatter()
        .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
        .setNodeId(node)
        .setClusterId(clusterId)
        .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
        .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
        .setControllerListenerName(CONTROLLER_LISTENER)
        .setMetadataLogDirectory(data(node).toString())
        .setDirectories(List.of(data(node).toString()))
        .run();
    try (Writer writer = Files.newBufferedWriter(settingsFile(node))) {
      settings(node).store(writer, null);
    }
  }

  private Properties settings(int node) {
    Properties settings = new Properties();
    settings.putAll(
        Map.of(
            "process.roles",
            "broker,controller",
            "node.id",
            Integer.toString(node),
            "listeners",
            "PLAINTEXT://127.0.0.1:%d,%s://127.0.0.1:%d"
                .formatted(brokerPorts.get(node), CONTROLLER_LISTENER, controllerPorts.get(node)),
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT," + CONTROLLER_LISTENER + ":PLAINTEXT",
            "controller.listener.names",
            CONTROLLER_LISTENER,
            "controller.quorum.voters",
            IntStream.range(0, NODES)
                .mapToObj(each -> each + "@127.0.0.1:" + controllerPorts.get(each))
                .collect(Collectors.joining(",")),
            "log.dirs",
            data(node).toString()));
    settings.putAll(Map.of("default.replication.factor", "3", "min.insync.replicas", "2"));
    // a dead broker is noticed in two seconds, not in nine
    settings.putAll(
        Map.of("broker.session.timeout.ms", "2000", "broker.heartbeat.interval.ms", "500"));
    settings.putAll(
        Map.of(
            "num.network.threads", "1",
            "num.io.threads", "2",
            "background.threads", "1",
            "log.cleaner.dedupe.buffer.size", Integer.toString(2 << 20)));
    return settings;
  }

  /** Starts a server, for the first time or again. */
  void start(int node) throws IOException {
    File log = directory.resolve("node-" + node + ".log").toFile();
    processes[node] =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx160m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "kafka.Kafka",
                settingsFile(node).toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .start();
  }

  /** SIGKILL. */
  void kill(int node) {
    processes[node].destroyForcibly().onExit().join();
  }

  String bootstrapServers() {
    return brokerPorts.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
  }

  @Override
  public void close() {
    for (int node = 0; node < NODES; node++) {
      if (processes[node] != null) {
        kill(node);
      }
    }
  }
}
