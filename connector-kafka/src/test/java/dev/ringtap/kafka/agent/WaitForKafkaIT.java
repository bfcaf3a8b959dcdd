package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.registry.SchemaTarget;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A capture that waits begins before registry and broker are there, and counts what it drops. */
@Timeout(180)
class WaitForKafkaIT {
  private static final int FRAMES = 500;

  @TempDir Path directory;

  @BeforeEach
  void requireNetwork() {
    Requirements.privateNetwork();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private AgentConfig config(
      PrivateNetwork network, int brokerPort, int registryPort, Duration drain, int ringMib)
      throws IOException {
    Properties settings = new Properties();
    settings.setProperty("bootstrap.servers", "127.0.0.1:" + brokerPort);
    SchemaTarget schema =
        registryPort == 0 ? null : SchemaTarget.of("http://127.0.0.1:" + registryPort, null, "t");
    return new AgentConfig(
        AgentConfig.Live.on(
            network.capture(PrivateNetwork.RIGHT).set(CaptureOption.RING_MIB, ringMib).build(),
            1,
            true),
        new AgentConfig.KafkaTarget("t", 2, RecordKey.FLOW, 1, settings, false, schema, null),
        0,
        directory.resolve("w.pcapng"),
        drain);
  }

  private static void send(PrivateNetwork network, int frames) throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < frames; i++) {
        sender.send(Packets.ethernet(Packets.udp("10.0.0.1", 53, "10.0.0.2", 53, new byte[900])));
      }
    }
  }

  @Test
  void framesWaitInTheRingUntilRegistryAndBrokerAreThere() throws Exception {
    int brokerPort = freePort();
    int registryPort = freePort();
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent =
            CaptureAgent.open(
                config(network, brokerPort, registryPort, Duration.ofSeconds(60), 16))) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      send(network, FRAMES);
      HttpServer registry =
          HttpServer.create(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), registryPort), 0);
      registry.createContext(
          "/",
          exchange -> {
            byte[] answer = "{\"id\": 7}".getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
          });
      registry.start();
      try (EmbeddedBroker broker =
          EmbeddedBroker.start(directory.resolve("broker"), brokerPort, Map.of())) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
        while (agent.counts().acknowledged() == 0) {
          assertThat(running).isNotDone();
          assertThat(System.nanoTime()).as(agent.counts().toString()).isLessThan(deadline);
          TimeUnit.MILLISECONDS.sleep(50);
        }
        send(network, FRAMES);
        agent.stop();
        Ledger ledger = running.get();
        assertThat(agent.failure()).isNull();
        assertThat(ledger.balances()).as(ledger.summary()).isTrue();
        // a block of few frames is closed too when its time is over: slow senders fill the ring
        assertThat(ledger.offered()).isEqualTo(2 * FRAMES);
        assertThat(ledger.acknowledged()).isEqualTo(ledger.captured()).isPositive();
        assertThat(ledger.writtenToFile()).isEqualTo(ledger.captured());
        assertThat(agent.schemaId()).hasValue(7);
        assertThat(TopicRecords.all(AgentRuns.settings(broker), "t"))
            .hasSize((int) ledger.acknowledged())
            .allMatch(record -> record.value()[4] == 7);
      } finally {
        registry.stop(0);
      }
    }
  }

  @Test
  void aStopThatComesFirstCountsWhatWaited() throws Exception {
    int more = 5000;
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent =
            CaptureAgent.open(config(network, freePort(), 0, Duration.ofSeconds(1), 2))) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      send(network, more);
      agent.stop();
      Ledger ledger = running.get(60, TimeUnit.SECONDS);
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      assertThat(ledger.offered()).isEqualTo(more);
      assertThat(ledger.droppedByKernel()).as("more than the ring holds").isPositive();
      assertThat(ledger.notDeliveredByReason())
          .isEqualTo(Map.of("DrainTimeout", ledger.captured()));
      assertThat(ledger.writtenToFile()).as("the file waits for Kafka, and gets all").isPositive();
      assertThat(ledger.writtenToFile()).isEqualTo(ledger.captured());
      assertThat(agent.failure()).isInstanceOf(AgentException.class);
    }
  }
}
