package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.tools.attach.VirtualMachine;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A network namespace with a broker, and a Connect worker as a process of its own, in distributed
 * mode, with the plugin archive of this build as its only plugin.
 */
final class WorkerLab implements AutoCloseable {
  static final String REST = "http://127.0.0.1:8083";

  /** The connector. */
  static final String CONNECTOR = "dev.ringtap.kafka.connect.PacketSourceConnector";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long WAIT_SECONDS = 60;

  /** What is this project's, or its tests': a worker has none of that on its class path. */
  private static final Pattern NOT_THE_WORKERS =
      Pattern.compile(
          ".*(/classes/?|/test-classes/?|/(ring-core|avro-|junit-|archunit|picocli)[^/]*)");

  private final PrivateNetwork network;
  private final EmbeddedBroker broker;
  private final Path directory;
  private final Map<String, String> settings;
  private final HttpClient http;

  /** Kept with the build, for whoever looks into a failure. */
  private final Path log = Path.of("target", "connect-worker-" + System.nanoTime() + ".log");

  private Process worker;

  private WorkerLab(
      PrivateNetwork network, EmbeddedBroker broker, Path directory, Map<String, String> settings)
      throws IOException {
    // its threads are in the namespace of the one that makes it
    this.http = network.call(HttpClient::newHttpClient);
    this.network = network;
    this.broker = broker;
    this.directory = directory;
    this.settings = settings;
  }

  /**
   * Starts the broker; the worker is for {@link #startWorker}.
   *
   * @param settings the worker's, over those that all tests have
   */
  static WorkerLab create(Path directory, Map<String, String> settings) throws IOException {
    Requirements.privateNetwork();
    unpackPlugin(directory.resolve("plugins"));
    PrivateNetwork network = PrivateNetwork.create();
    try {
      EmbeddedBroker broker =
          network.call(
              () ->
                  EmbeddedBroker.start(
                      directory.resolve("broker"),
                      0,
                      Map.of(
                          "group.min.session.timeout.ms",
                          "1000",
                          "transaction.abort.timed.out.transaction.cleanup.interval.ms",
                          "500")));
      return new WorkerLab(network, broker, directory, settings);
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private static void unpackPlugin(Path plugins) throws IOException {
    List<Path> archives;
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      archives = files.filter(file -> file.toString().matches(".*/ringtap-connect-.*zip")).toList();
    }
    assertThat(archives).as("plugin archive in target, made by mvn package").hasSize(1);
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archives.get(0)))) {
      for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
        Path target = plugins.resolve(entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(zip, target);
        }
      }
    }
  }

  /** A configuration of the connector, its topic of one partition. */
  static Map<String, String> config(String topic, String... more) {
    Map<String, String> config = new HashMap<>();
    config.put("connector.class", CONNECTOR);
    config.put("topic", topic);
    config.put("topic.creation.default.replication.factor", "1");
    config.put("topic.creation.default.partitions", "1");
    for (int i = 0; i < more.length; i += 2) {
      config.put(more[i], more[i + 1]);
    }
    return config;
  }

  /** Frames that an Ethernet interface sends. */
  static List<byte[]> frames(long seed, int count) {
    return Packets.stream(seed).filter(frame -> frame.length >= 14).limit(count).toList();
  }

  /** Writes frames into a capture file: one each 1,000,003 ns, nine lost before the sixth. */
  static Path write(Path file, List<byte[]> frames) throws IOException {
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < frames.size(); i++) {
        byte[] frame = frames.get(i);
        long nanos = 1_700_000_000_000_000_000L + i * 1_000_003L;
        MemorySegment bytes = MemorySegment.ofArray(frame);
        writer.write(
            id, nanos, frame.length, PacketType.HOST, 0, i == 5 ? 9 : 0, bytes, 0, frame.length);
      }
    }
    return file;
  }

  PrivateNetwork network() {
    return network;
  }

  String bootstrapServers() {
    return broker.bootstrapServers();
  }

  Path log() {
    return log;
  }

  String logText() throws IOException {
    return Files.readString(log());
  }

  /** What the worker shows in JMX, added up over a connector's tasks. */
  @SuppressWarnings("BanJNDI") // the address is a child process's
  long sumOfMetric(String connector, TaskMetric metric) throws IOException {
    return network.call(
        () -> {
          VirtualMachine jvm = VirtualMachine.attach(Long.toString(worker.pid()));
          try (JMXConnector jmx =
              JMXConnectorFactory.connect(new JMXServiceURL(jvm.startLocalManagementAgent()))) {
            MBeanServerConnection beans = jmx.getMBeanServerConnection();
            long sum = 0;
            for (ObjectName task :
                beans.queryNames(
                    new ObjectName("kafka.connect:type=plugins,task=*,connector=" + connector),
                    null)) {
              sum += (Long) beans.getAttribute(task, metric.id());
            }
            return sum;
          } finally {
            jvm.detach();
          }
        });
  }

  /** Process id of the worker. */
  long pid() {
    return worker.pid();
  }

  /** Starts a worker and waits until it takes requests. */
  void startWorker() throws IOException {
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "bootstrap.servers", bootstrapServers(),
            "group.id", "workers",
            "config.storage.topic", "connect-configs",
            "config.storage.replication.factor", "1",
            "offset.storage.topic", "connect-offsets",
            "offset.storage.replication.factor", "1",
            "offset.storage.partitions", "1",
            "status.storage.topic", "connect-status",
            "status.storage.replication.factor", "1",
            "status.storage.partitions", "1"));
    properties.putAll(
        Map.of(
            "listeners", REST,
            "plugin.path", directory.resolve("plugins").toString(),
            "plugin.discovery", "service_load",
            "key.converter", "org.apache.kafka.connect.converters.ByteArrayConverter",
            "value.converter", "org.apache.kafka.connect.converters.ByteArrayConverter",
            "offset.flush.interval.ms", "1000",
            "scheduled.rebalance.max.delay.ms", "0",
            "session.timeout.ms", "2000",
            "heartbeat.interval.ms", "500"));
    properties.putAll(settings);
    Path file = directory.resolve("worker.properties");
    try (Writer out = Files.newBufferedWriter(file)) {
      properties.store(out, null);
    }
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !NOT_THE_WORKERS.matcher(entry).matches())
            .collect(Collectors.joining(File.pathSeparator));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath,
            "org.apache.kafka.connect.cli.ConnectDistributed",
            file.toString());
    builder.directory(directory.toFile());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toAbsolutePath().toFile()));
    worker = network.call(builder::start);
    // the first request waits until the worker has joined its group
    await("the worker", () -> request("GET", "/connectors", null).status == 200);
  }

  /** Kills the worker: it gets no chance to end anything. */
  void killWorker() throws InterruptedException {
    worker.destroyForcibly();
    assertThat(worker.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /** An answer of the REST API. */
  record Answer(int status, JsonNode body) {}

  /** Asks the worker; status 0 if it does not listen. */
  Answer request(String method, String path, Object body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(REST + path))
            .timeout(Duration.ofSeconds(90))
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
            .build();
    return network.call(
        () -> {
          try {
            HttpResponse<String> response =
                http.send(request, HttpResponse.BodyHandlers.ofString());
            String text = response.body();
            boolean json = text.startsWith("{") || text.startsWith("[");
            return new Answer(response.statusCode(), json ? JSON.readTree(text) : null);
          } catch (ConnectException e) {
            return new Answer(0, null);
          }
        });
  }

  /** Asks the worker for what it must be able to do. */
  JsonNode must(String method, String path, Object body) throws IOException {
    Answer[] last = new Answer[1];
    // while the worker rebalances it answers 409
    await(
        method + " " + path,
        () -> {
          last[0] = request(method, path, body);
          return last[0].status != 409 && last[0].status != 0;
        });
    assertThat(last[0].status).as(method + " " + path + ": " + last[0].body).isBetween(200, 299);
    return last[0].body;
  }

  /** Has the worker validate a configuration. */
  JsonNode validate(Map<String, String> config) throws IOException {
    return must("PUT", "/connector-plugins/PacketSourceConnector/config/validate", config);
  }

  /** What a validation says of an option. */
  static JsonNode value(JsonNode validated, String option) {
    for (JsonNode each : validated.get("configs")) {
      if (each.get("value").get("name").asText().equals(option)) {
        return each.get("value");
      }
    }
    throw new AssertionError(option + " in " + validated);
  }

  /** Sends frames to {@link PrivateNetwork#RIGHT}. */
  void send(List<byte[]> frames) throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (byte[] frame : frames) {
        sender.send(frame);
      }
    }
  }

  /** Deploys a connector and waits until its tasks run. */
  void deploy(String name, int tasks, Map<String, String> config) throws IOException {
    must("POST", "/connectors", Map.of("name", name, "config", config));
    awaitTasks(name, tasks, "RUNNING");
  }

  /** Removes all connectors, and waits until their captures are closed. */
  void removeConnectors() throws IOException {
    for (JsonNode name : must("GET", "/connectors", null)) {
      must("DELETE", "/connectors/" + name.asText(), null);
    }
    await("the end of all tasks", () -> packetSockets() == 0);
  }

  /** Packet sockets that are open in the namespace. */
  long packetSockets() throws IOException {
    // the header is a line too
    return network.call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/packet"))).size()
        - 1L;
  }

  /** Waits until so many tasks of a connector are in a state. */
  void awaitTasks(String name, int tasks, String state) throws IOException {
    JsonNode[] seen = new JsonNode[1];
    try {
      await(
          name + " " + state,
          () -> {
            Answer answer = request("GET", "/connectors/" + name + "/status", null);
            seen[0] = answer.body;
            if (answer.status != 200 || answer.body.get("tasks").size() != tasks) {
              return false;
            }
            boolean all = answer.body.get("connector").get("state").asText().equals(state);
            for (JsonNode task : answer.body.get("tasks")) {
              all &= task.get("state").asText().equals(state);
            }
            return all;
          });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + ": " + seen[0], e);
    }
  }

  /** Waits until something is so. */
  void await(String what, Callable<Boolean> condition) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    try {
      while (!condition.call()) {
        if (System.nanoTime() > deadline || worker != null && !worker.isAlive()) {
          throw new AssertionError(what + " was not there in time; see " + log() + tail());
        }
        Thread.sleep(20);
      }
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private String tail() throws IOException {
    String text = logText();
    return "\n" + text.substring(Math.max(0, text.length() - 4000));
  }

  /** Settings of clients of the broker; they must be used inside the namespace. */
  Properties clientSettings(String... more) {
    Properties settings = new Properties();
    settings.setProperty("bootstrap.servers", bootstrapServers());
    for (int i = 0; i < more.length; i += 2) {
      settings.setProperty(more[i], more[i + 1]);
    }
    return settings;
  }

  /** All records of a topic, waiting until there are so many, and a while for too many. */
  List<ConsumerRecord<byte[], byte[]>> read(String topic, long count) throws IOException {
    return network.call(
        () -> {
          List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
          try (KafkaConsumer<byte[], byte[]> consumer =
              new KafkaConsumer<>(
                  clientSettings("isolation.level", "read_committed"),
                  new ByteArrayDeserializer(),
                  new ByteArrayDeserializer())) {
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            List<TopicPartition> partitions = List.of();
            // the first record makes the topic
            while (partitions.isEmpty() && System.nanoTime() < deadline) {
              partitions =
                  consumer.partitionsFor(topic).stream()
                      .map(info -> new TopicPartition(topic, info.partition()))
                      .toList();
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (records.size() < count && System.nanoTime() < deadline) {
              consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            consumer.poll(Duration.ofMillis(300)).forEach(records::add);
          }
          return records;
        });
  }

  /** The numbers in a line of the worker's log that a pattern finds, for each such line. */
  List<long[]> numbersInLog(String pattern) throws IOException {
    List<long[]> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern).matcher(logText());
    while (matcher.find()) {
      long[] numbers = new long[matcher.groupCount()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = Long.parseLong(matcher.group(i + 1));
      }
      found.add(numbers);
    }
    return found;
  }

  @Override
  public void close() throws IOException {
    try {
      if (worker != null) {
        killWorker();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      broker.close();
      network.close();
    }
  }
}
