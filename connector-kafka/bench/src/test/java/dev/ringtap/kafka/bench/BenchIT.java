package dev.ringtap.kafka.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each benchmark in miniature: its figures mean nothing, but it ends and fills its table. */
@Timeout(300)
class BenchIT {
  private static final long INPUT_BYTES = 200 << 20;

  private static PrivateNetwork network;
  private static Broker broker;

  @TempDir Path directory;

  private interface Benchmark {
    void run(Broker broker, BenchPage page) throws IOException;
  }

  @BeforeAll
  static void start() throws IOException {
    network = PrivateNetworks.createOrSkip();
    broker = network.call(Broker::start);
  }

  @AfterAll
  static void end() throws IOException {
    if (broker != null) {
      broker.close();
      network.close();
    }
  }

  @Test
  void agent() throws IOException {
    // of pcap4j
    Requirements.libpcap();
    assertThat(
            table(
                "agent",
                (broker, page) ->
                    new AgentBenchmark(1, 100, 200, INPUT_BYTES, List.of("lz4"), List.of())
                        .run(broker, page)))
        .contains("ProducerPerformance", "pcap4j", "≥ 0.95");
    assertThat(directory.resolve("agent.svg")).isNotEmptyFile();
  }

  @Test
  void settings() throws IOException {
    assertThat(
            table(
                "settings",
                (broker, page) ->
                    new SettingsBenchmark(1, 100, 200, INPUT_BYTES, List.of("linger.ms=0"))
                        .run(broker, page)))
        .contains("| the agent's own | ", "| `linger.ms=0` | ");
  }

  @Test
  void rate() throws IOException {
    Requirements.libpcap();
    Requirements.programs("gcc");
    Requirements.filesOf("linux-libc-dev", "/usr/include/linux/bpf.h");
    assertThat(
            table(
                "rate",
                (broker, page) ->
                    new LiveRateBenchmark(1, 100, 200, 1, 100, 1_000, List.of(64))
                        .run(broker, page)))
        .contains("| frames/s | 64 B |", "ns per frame | 64 B |", "agent", "pcap4j");
    assertThat(directory.resolve("rate.svg")).isNotEmptyFile();
  }

  @Test
  void stages() throws IOException {
    assertThat(
            table(
                "stages",
                (broker, page) -> new StageBenchmark(100, 300, INPUT_BYTES).run(broker, page)))
        .contains("| encoding | ", "| **all** | ");
  }

  @Test
  void flows() throws IOException {
    Requirements.programs("gcc");
    Requirements.filesOf("linux-libc-dev", "/usr/include/linux/bpf.h");
    assertThat(
            table(
                "flows",
                (broker, page) -> new FlowsBenchmark(1, 100, 10_000, 300, 500).run(broker, page)))
        .contains("| agent ÷ header walk | ", "| bytes on the broker per frame: flows | ");
  }

  @Test
  void latency() throws IOException {
    assertThat(
            table(
                "latency",
                (broker, page) ->
                    new LatencyBenchmark(100, 1_000, 100, List.of("--immediate"))
                        .run(broker, page)))
        .contains("| `--immediate` | 1 | ", "| `--immediate` | 100,000 | ");
    assertThat(directory.resolve("latency.svg")).isNotEmptyFile();
  }

  @Test
  void startup() throws IOException {
    assertThat(table("startup", (broker, page) -> StartupBenchmark.run(broker, page, 1, 100)))
        .contains("AOT", " ms |");
    assertThat(directory.resolve("startup.svg")).isNotEmptyFile();
  }

  @Test
  void scrape() throws IOException {
    Requirements.programs("gcc");
    Requirements.filesOf("linux-libc-dev", "/usr/include/linux/bpf.h");
    assertThat(
            table("scrape", (broker, page) -> new ScrapeBenchmark(1, 2, 1_500).run(broker, page)))
        .contains("| CPU ms for a scrape | ", " | 900,000 | ");
  }

  /** What the benchmark writes. */
  private String table(String name, Benchmark benchmark) throws IOException {
    Path page = directory.resolve("README.md");
    Files.writeString(page, "<!-- bench " + name + " -->\n<!-- end -->\n");
    network.call(
        () -> {
          benchmark.run(broker, BenchPage.of(page));
          return null;
        });
    return Files.readString(page);
  }
}
