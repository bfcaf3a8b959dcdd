package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.testcontainers.containers.output.OutputFrame.OutputType.STDERR;

import dev.ringtap.record.Packet;
import dev.ringtap.testcontainers.Ledger;
import dev.ringtap.testcontainers.NumberedFrames;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.RingtapContainer;
import dev.ringtap.testcontainers.TestApp;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.Network;

/**
 * The agent's container ships numbered frames while something happens to it or to its broker: the
 * ledger adds up, and each frame is in the topic once.
 */
@Timeout(120)
@RequiresImages({"agent", "kafka"})
class AgentKafkaIT {
  private static Network network;
  private static KafkaBroker kafka;
  private static TestApp app;

  private String topic;

  @BeforeAll
  static void start() throws IOException {
    network = Network.newNetwork();
    kafka = new KafkaBroker(network);
    app = new TestApp().withNetwork(network);
    Stream.of(kafka, app).parallel().forEach(each -> each.start());
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable each : new AutoCloseable[] {app, kafka, network}) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  @BeforeEach
  void nameTopic(TestInfo test) {
    topic = test.getTestMethod().orElseThrow().getName();
  }

  /** On one partition all frames are in order. */
  private RingtapContainer agent(String... options) {
    return new RingtapContainer()
        .capturing(app)
        .toKafka(KafkaBroker.INSIDE, topic)
        .withOptions(
            Stream.concat(Stream.of("--partitions", "1"), Stream.of(options))
                .toArray(String[]::new));
  }

  /** Of numbered frames alone. */
  private RingtapContainer numbersAgent(String... options) {
    return agent(options).withCaptureFilter(NumberedFrames.FILTER);
  }

  private List<Integer> numbersInTopic() throws IOException {
    return Topic.numbers(Topic.packets(kafka.outside(), topic));
  }

  private static void send(int first, int last) throws IOException, InterruptedException {
    NumberedFrames.send(app, first, last);
  }

  private void assertAllArrivedOnce(RingtapContainer agent, int frames) throws IOException {
    agent.stop();
    assertThat(agent.ledger()).isEqualTo(new Ledger(frames, 0, frames, frames, 0));
    assertThat(numbersInTopic()).isEqualTo(NumberedFrames.upTo(frames));
  }

  @Test
  void allFramesButItsOwn() throws Exception {
    try (RingtapContainer agent = agent()) {
      agent.start();
      send(1, 2000);
      agent.flush();
      assertThat(numbersInTopic()).isEqualTo(NumberedFrames.upTo(2000));
      agent.stop();
      List<Packet> packets = Topic.packets(kafka.outside(), topic);
      long count = packets.size();
      assertThat(agent.ledger()).isEqualTo(new Ledger(count, 0, count, count, 0));
      assertThat(packets)
          .map(Topic::headers)
          .noneMatch(headers -> headers.srcPort() == 9092 || headers.dstPort() == 9092);
    }
  }

  @Test
  void brokerStoppedAndStarted() throws Exception {
    try (RingtapContainer agent = numbersAgent()) {
      agent.start();
      send(1, 500);
      agent.flush();
      send(501, 1000);
      kafka.shutDown();
      send(1001, 1500);
      kafka.bootAgain();
      send(1501, 2000);
      agent.flush();
      assertAllArrivedOnce(agent, 2000);
    }
  }

  @Test
  void brokerCutOffAndConnectedAgain() throws Exception {
    // what was sent into the void is sent again after this time
    try (RingtapContainer agent = numbersAgent("-X", "request.timeout.ms=3000")) {
      agent.start();
      send(1, 500);
      kafka.cutOff();
      send(501, 1500);
      assertThat(app.execInContainer("bash", "-c", ": > /dev/tcp/kafka/9092").getExitCode())
          .as("cannot connect")
          .isNotZero();
      kafka.connectAgain();
      send(1501, 2000);
      agent.flush();
      assertAllArrivedOnce(agent, 2000);
    }
  }

  @Test
  void dockerStopDrains() throws Exception {
    try (RingtapContainer agent = numbersAgent()) {
      agent.start();
      kafka.freeze();
      CompletableFuture<Void> stopped;
      try {
        send(1, 1000);
        // `docker stop` as it is: it kills after ten seconds
        stopped =
            CompletableFuture.runAsync(
                () -> agent.getDockerClient().stopContainerCmd(agent.getContainerId()).exec());
      } finally {
        kafka.thaw();
      }
      stopped.join();
      assertThat(agent.getCurrentContainerInfo().getState().getExitCodeLong()).isZero();
      assertThat(agent.getLogs(STDERR)).contains("\"acknowledged\":1000,\"notDelivered\":0");
      assertAllArrivedOnce(agent, 1000);
    }
  }

  @Test
  void whatABrokerDoesNotTakeInTimeIsCounted() throws Exception {
    try (RingtapContainer agent = numbersAgent("--drain-timeout", "2")) {
      agent.start();
      send(1, 500);
      agent.flush();
      kafka.freeze();
      try {
        send(501, 1000);
        agent.stop();
      } finally {
        kafka.thaw();
      }
      Ledger ledger = agent.ledger();
      assertThat(ledger).isEqualTo(new Ledger(1000, 0, 1000, 500, 500));
      // unanswered is not untaken: the broker may have had them before it froze
      List<Integer> numbers = numbersInTopic();
      assertThat(numbers).isEqualTo(NumberedFrames.upTo(numbers.size()));
      assertThat(numbers).hasSizeGreaterThanOrEqualTo(500);
    }
  }

  @Test
  void agentKilledAndAnotherStarted() throws Exception {
    try (RingtapContainer agent = numbersAgent()) {
      agent.start();
      send(1, 1000);
      agent.flush();
      send(1001, 2000);
      agent.getDockerClient().killContainerCmd(agent.getContainerId()).exec();
    }
    try (RingtapContainer next = numbersAgent()) {
      next.start();
      send(2001, 3000);
      next.stop();
      assertThat(next.ledger()).isEqualTo(new Ledger(1000, 0, 1000, 1000, 0));
    }
    // all that was flushed, then what was acknowledged since without a hole, then the next one's
    List<Integer> numbers = numbersInTopic();
    int ofFirst = numbers.size() - 1000;
    assertThat(ofFirst).isBetween(1000, 2000);
    assertThat(numbers)
        .isEqualTo(
            IntStream.concat(IntStream.rangeClosed(1, ofFirst), IntStream.rangeClosed(2001, 3000))
                .boxed()
                .toList());
  }
}
