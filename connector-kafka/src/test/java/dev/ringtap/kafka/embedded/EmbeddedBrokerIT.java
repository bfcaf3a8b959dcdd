package dev.ringtap.kafka.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ringtap.kafka.cli.Launcher;
import dev.ringtap.kafka.embedded.BrokerException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Exit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedBrokerIT {
  private static final String TOPIC = "packets";
  private static final Instant LONG_AGO = Instant.parse("1999-12-31T23:59:59Z");
  private static final Instant AHEAD = Instant.parse("2099-01-01T00:00:00Z");

  @TempDir Path directory;

  @Test
  void keepsRecordsOffsetsAndClusterIdAcrossRestarts() throws Exception {
    String clusterId;
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      clusterId = broker.clusterId();
      assertThat(broker.bootstrapServers()).isEqualTo("127.0.0.1:" + broker.port());
      assertThat(broker.directory()).isEqualTo(directory.toRealPath());
      createTopic(broker.bootstrapServers());
      produce(broker.bootstrapServers(), "a", LONG_AGO);
      produce(broker.bootstrapServers(), "b", AHEAD);
      produce(broker.bootstrapServers(), "c", LONG_AGO);
      assertThat(consume(broker.bootstrapServers(), 2)).containsExactly("a", "b");
    }
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      assertThat(broker.clusterId()).isEqualTo(clusterId);
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
        assertThat(admin.describeCluster().clusterId().get()).isEqualTo(clusterId);
      }
      produce(broker.bootstrapServers(), "d", LONG_AGO);
      assertThat(consume(broker.bootstrapServers(), 2))
          .as("the group goes on where it stood")
          .containsExactly("c", "d");
    }
  }

  @Test
  void keepsAcknowledgedRecordsWhenItIsKilled() throws Exception {
    Path data = directory.resolve("broker");
    Path err = directory.resolve("err");
    Process process =
        Launcher.start(
            Launcher.SCRIPT, err, Map.of(), "broker", "--port", "0", "--dir", data.toString());
    try {
      String bootstrap = Launcher.awaitBroker(process);
      createTopic(bootstrap);
      produce(bootstrap, "a", LONG_AGO);

      BrokerException inUse = failure(data, 0);
      assertThat(inUse.reason()).isEqualTo(Reason.DIRECTORY_IN_USE);
      assertThat(inUse).hasMessageContaining("process " + process.pid());

      assertThat(Files.readAllLines(err))
          .as("a clean start and a record are nothing to warn of, except who can read it")
          .singleElement()
          .asString()
          .contains("every user of this machine", "capture -w FILE");
    } finally {
      process.destroyForcibly();
    }
    process.waitFor();

    try (EmbeddedBroker broker = EmbeddedBroker.start(data, 0)) {
      produce(broker.bootstrapServers(), "b", LONG_AGO);
      assertThat(consume(broker.bootstrapServers(), 2)).containsExactly("a", "b");
    }
  }

  @Test
  void listensOnLoopbackAloneAndMakesNoTopicUnasked() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
        for (InetAddress address : network.inetAddresses().toList()) {
          if (!address.isLoopbackAddress()) {
            assertThat(accepts(address, broker.port())).as("%s", address).isFalse();
          }
        }
      }
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
        ExecutionException unknown =
            catchThrowableOfType(
                ExecutionException.class,
                () -> admin.describeTopics(List.of(TOPIC)).allTopicNames().get());
        assertThat(unknown).hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
      }
    }
  }

  @Test
  void isReadyForTheFirstClientAndLeavesNoThread() throws Exception {
    for (int round = 0; round < 3; round++) {
      EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
      try (Admin admin =
          Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers(), "retries", "0"))) {
        admin.createTopics(List.of(new NewTopic(TOPIC + round, 1, (short) 1))).all().get();
      }
      int port = broker.port();
      broker.close();
      broker.close();
      broker.awaitEnd();
      assertThat(accepts(InetAddress.getLoopbackAddress(), port)).isFalse();
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> !thread.isDaemon() && thread.isAlive())
        .extracting(Thread::getName)
        .noneMatch(name -> name.contains("kafka") || name.contains("broker-1"));
  }

  @Test
  void refusesADirectoryThatAnotherBrokerOfThisProcessHolds() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      BrokerException first = failure(directory, 0);
      BrokerException second = failure(directory.resolve("."), 0);

      assertThat(first.reason()).isEqualTo(Reason.DIRECTORY_IN_USE);
      assertThat(first).hasMessageContaining(directory.toString()).hasMessageContaining("--dir");
      assertThat(second.reason()).isEqualTo(Reason.DIRECTORY_IN_USE);
      createTopic(broker.bootstrapServers());
    }
  }

  @Test
  void refusesADirectoryThatKafkaItselfHolds() throws Exception {
    EmbeddedBroker.start(directory, 0).close();
    try (FileChannel channel =
            FileChannel.open(
                directory.resolve("kafka").resolve(".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThat(failure(directory, 0).reason()).isEqualTo(Reason.DIRECTORY_IN_USE);
    }
    EmbeddedBroker.start(directory, 0).close();
  }

  @Test
  void refusesAPortThatIsTakenAndLetsTheDirectoryGo() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      BrokerException failure = failure(directory, taken.getLocalPort());

      assertThat(failure.reason()).isEqualTo(Reason.PORT_IN_USE);
      assertThat(failure)
          .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
          .hasMessageContaining("--port");
    }
    EmbeddedBroker.start(directory, 0).close();
  }

  @Test
  void refusesADirectoryOfSomebodyElse() throws Exception {
    Files.createFile(directory.resolve("thesis.txt"));

    BrokerException failure = failure(directory, 0);

    assertThat(failure.reason()).isEqualTo(Reason.DIRECTORY_FOREIGN);
    assertThat(failure).hasMessageContaining("thesis.txt").hasMessageContaining("--dir");
    assertThat(directory).isDirectoryContaining(path -> path.endsWith("thesis.txt"));
    assertThat(directory.toFile().list()).as("nothing was added").hasSize(1);
  }

  @Test
  void refusesADirectoryThatCannotBe() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    assertThat(failure(file, 0).reason()).isEqualTo(Reason.DIRECTORY_NOT_WRITABLE);
    BrokerException below = failure(file.resolve("broker"), 0);
    assertThat(below.reason()).isEqualTo(Reason.DIRECTORY_NOT_WRITABLE);
    assertThat(below).hasMessageContaining(file.toString());
  }

  @Test
  void goesOnWhereFormattingWasCutShort() throws Exception {
    EmbeddedBroker.start(directory, 0).close();
    Path kafka = directory.resolve("kafka");
    try (var files = Files.list(kafka)) {
      for (Path path : files.toList()) {
        if (!path.endsWith("bootstrap.checkpoint")) {
          deleteAll(path);
        }
      }
    }

    EmbeddedBroker.start(directory, 0).close();
  }

  @Test
  void tellsOfDamagedFilesAndLeavesTheProcessAlive() throws Exception {
    EmbeddedBroker.start(directory, 0).close();
    Files.writeString(directory.resolve("kafka").resolve("meta.properties"), "version=1\n");

    BrokerException failure = failure(directory, 0);

    assertThat(failure.reason()).isEqualTo(Reason.KAFKA);
    assertThat(failure).hasMessageContaining(directory.toString());
  }

  @Test
  void failsAloneWhereKafkaWantsToEndTheProcess() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      Exit.halt(1, "the disk is gone");

      BrokerException failure =
          catchThrowableOfType(BrokerException.class, () -> broker.awaitEnd());
      assertThat(failure.reason()).isEqualTo(Reason.KAFKA);
      assertThat(failure).hasMessageContaining("the disk is gone");
    }
  }

  private static BrokerException failure(Path directory, int port) {
    return catchThrowableOfType(
        BrokerException.class, () -> EmbeddedBroker.start(directory, port).close());
  }

  private static void deleteAll(Path path) throws IOException {
    try (var below = Files.walk(path)) {
      for (Path each : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static boolean accepts(InetAddress address, int port) {
    try (Socket socket = new Socket(address, port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static void createTopic(String bootstrap) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
    }
  }

  private static void produce(String bootstrap, String value, Instant time) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "compression.type", "lz4"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(TOPIC, 0, time.toEpochMilli(), null, value.getBytes(UTF_8)))
          .get();
    }
  }

  private static List<String> consume(String bootstrap, int count) {
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", bootstrap,
                "group.id", "test",
                "auto.offset.reset", "earliest",
                "max.poll.records", "1",
                "enable.auto.commit", "false"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      while (values.size() < count) {
        for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofSeconds(1))) {
          values.add(new String(each.value(), UTF_8));
        }
        consumer.commitSync();
      }
    }
    return values;
  }
}
