package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.kafka.monitor.AgentMBean;
import dev.ringtap.kafka.monitor.Monitor;
import dev.ringtap.kafka.monitor.Scrape;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of a capture under load, while something happens to its broker. */
@Timeout(120)
class MetricsIT {
  private static final int SCRAPES = 600;
  private static final long PAUSE_MILLIS = 10;

  @TempDir Path directory;

  private SlowLink link;
  private EmbeddedBroker broker;

  @BeforeAll
  static void requireRoot() {
    Requirements.privateNetwork();
  }

  @BeforeEach
  void start() throws IOException {
    link = new SlowLink();
    startBroker(0);
    link.connect(broker.port());
  }

  private void startBroker(int port) throws IOException {
    String advertised = "PLAINTEXT://127.0.0.1:" + link.port();
    broker = EmbeddedBroker.start(directory, port, Map.of("advertised.listeners", advertised));
  }

  @AfterEach
  void stop() throws IOException {
    link.close();
    broker.close();
  }

  private static Monitor monitor() throws IOException {
    return Monitor.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** Held by a change: while one waits for Kafka, no frame is offered to it, and none refused. */
  private final ReentrantLock noChange = new ReentrantLock();

  /** Again and again, until the capture ends. */
  private int changeAgainAndAgain(CaptureUnderLoad capture, AtomicBoolean ended) {
    int changes = 0;
    try {
      while (!ended.get()) {
        noChange.lock();
        try {
          capture.change(changes % 2 == 0 ? 60 : 200, Integer.toString(changes % 2));
          changes++;
        } catch (AgentException e) {
          // while the broker starts anew there may be none; the settings stay as they were
          assertThat(e.isTemporary()).as(e.getMessage()).isTrue();
        } finally {
          noChange.unlock();
        }
        Thread.sleep(PAUSE_MILLIS);
      }
      return changes;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Overload, refusals, a restart of the broker, other settings all the time: drops, frames not
   * delivered, frames in flight.
   */
  @Test
  void theAccountAddsUpAtEveryScrapeAndCountersOnlyGrow() throws Exception {
    Properties settings =
        AgentRuns.settings(
            broker,
            "max.block.ms",
            "500",
            // a broker that starts anew knows a producer's last batch alone: of two under way,
            // Kafka's
            // client may send the first again and again, if only the second was acknowledged
            "max.in.flight.requests.per.connection",
            "1");
    AtomicBoolean ended = new AtomicBoolean();
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings, Duration.ofSeconds(30));
        Monitor monitor = monitor();
        HttpClient client = HttpClient.newHttpClient()) {
      capture.watchBy(monitor);
      CompletableFuture<Integer> changing =
          CompletableFuture.supplyAsync(
              () -> changeAgainAndAgain(capture, ended), Thread::startVirtualThread);
      Scrape last = Scrape.of(client, monitor.url());
      Scrape first = last;
      for (int i = 1; i <= SCRAPES; i++) {
        if (i == SCRAPES / 6) {
          noChange.lock();
          link.limit(SlowLink.STALLED);
        } else if (i == SCRAPES / 2) {
          link.limit(SlowLink.UNLIMITED);
          noChange.unlock();
        } else if (i == SCRAPES * 2 / 3) {
          int port = broker.port();
          broker.close();
          startBroker(port);
        }
        Thread.sleep(PAUSE_MILLIS);
        Scrape now = Scrape.of(client, monitor.url());
        now.assertAddsUpAfter(last);
        last = now;
      }
      capture.awaitArrivals(1000);
      ended.set(true);
      assertThat(changing.get()).isGreaterThan(3);
      Ledger ledger = capture.finish();
      Scrape end = Scrape.of(client, monitor.url());
      end.assertAddsUpAfter(last);

      assertThat(end.sum("ringtap_frames_offered_total")).isEqualTo(ledger.offered());
      assertThat(end.sum("ringtap_frames_dropped_by_kernel_total"))
          .isEqualTo(ledger.droppedByKernel())
          .isPositive();
      assertThat(end.sum("ringtap_frames_captured_total")).isEqualTo(ledger.captured());
      assertThat(end.sum("ringtap_captured_bytes_total")).isEqualTo(ledger.capturedBytes());
      assertThat(end.sum("ringtap_frames_acknowledged_total")).isEqualTo(ledger.acknowledged());
      assertThat(end.sum("ringtap_frames_not_delivered_total"))
          .isEqualTo(ledger.notDelivered())
          .isPositive();
      assertThat(end.sum("ringtap_records_acknowledged_total")).isEqualTo(ledger.records());
      assertThat(end.sum("ringtap_frames_lost_before_total") + ledger.lostAfterLast())
          .isEqualTo(ledger.droppedByKernel());
      assertThat(end.sum("ringtap_frames_in_flight")).isZero();
      assertThat(end.sum("ringtap_delivery_latency_seconds_count")).isEqualTo(ledger.records());
      assertThat(end.sum("ringtap_frames_acknowledged_total"))
          .isGreaterThan(first.sum("ringtap_frames_acknowledged_total"));
    }
  }

  @Test
  void promtoolFindsNothing() throws Exception {
    Requirements.programs("promtool");
    try (CaptureUnderLoad capture =
            CaptureUnderLoad.start(AgentRuns.settings(broker), Duration.ofSeconds(30));
        Monitor monitor = monitor();
        HttpClient client = HttpClient.newHttpClient()) {
      capture.watchBy(monitor);
      Scrape scrape = Scrape.of(client, monitor.url());
      assertThat(scrape.text()).contains("ringtap_build_info{", "process_cpu_seconds_total");

      Process promtool =
          new ProcessBuilder("promtool", "check", "metrics").redirectErrorStream(true).start();
      try (OutputStream in = promtool.getOutputStream()) {
        in.write(scrape.text().getBytes(StandardCharsets.UTF_8));
      }
      assertThat(promtool.inputReader().lines()).isEmpty();
      assertThat(promtool.waitFor()).isZero();
    }
  }

  @Test
  void jmxHasTheSameCounts() throws Exception {
    try (CaptureUnderLoad capture =
        CaptureUnderLoad.start(AgentRuns.settings(broker), Duration.ofSeconds(30))) {
      ObjectName name;
      Ledger ledger;
      CompositeData counts;
      try (AgentMBean bean = new AgentMBean()) {
        capture.showBy(bean);
        name = new ObjectName(AgentMBean.NAME);
        ledger = capture.finish();
        counts =
            (CompositeData) ManagementFactory.getPlatformMBeanServer().getAttribute(name, "Counts");
      }
      assertThat(ManagementFactory.getPlatformMBeanServer().isRegistered(name)).isFalse();
      CompositeData tap = ((CompositeData[]) counts.get("captures"))[0];
      assertThat(tap.get("interfaceName")).isEqualTo("tap1");
      assertThat(tap.get("framesAcknowledged")).isEqualTo(ledger.acknowledged());
      assertThat(tap.get("recordsAcknowledged")).isEqualTo(ledger.records());
      CompositeData member = ((CompositeData[]) tap.get("members"))[0];
      assertThat(member.get("framesOffered")).isEqualTo(ledger.offered());
      assertThat(member.get("interfaceState")).isEqualTo("UP");
      CompositeData kafka = (CompositeData) counts.get("kafka");
      assertThat((long) kafka.get("bufferBytes")).isPositive();
    }
  }
}
