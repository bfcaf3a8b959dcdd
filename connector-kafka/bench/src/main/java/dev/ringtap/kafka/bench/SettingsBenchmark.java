package dev.ringtap.kafka.bench;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * What the producer settings are worth whose defaults the agent sets: each is changed alone, the
 * others stay.
 */
final class SettingsBenchmark {
  private static final int FRAMES = 20_000;

  private static final String DEFAULTS = "the agent's own";

  private final int rounds;
  private final int warmupCpuMillis;
  private final int windowMillis;
  private final long inputBytes;
  private final Map<String, Traffic> inputs = new LinkedHashMap<>();
  private final List<String> variants = new ArrayList<>();
  private final Map<Case, List<Throughput>> results = new LinkedHashMap<>();

  private record Case(String variant, String input) {}

  /**
   * @param warmupCpuMillis CPU time that the agent has used when the clock starts
   * @param windowMillis from there to the clock's end
   * @param inputBytes length of the capture file, which has to last for a run
   * @param variants what is changed, each as {@code name=value}
   */
  SettingsBenchmark(
      int rounds, int warmupCpuMillis, int windowMillis, long inputBytes, List<String> variants)
      throws IOException {
    this.rounds = rounds;
    this.warmupCpuMillis = warmupCpuMillis;
    this.windowMillis = windowMillis;
    this.inputBytes = inputBytes;
    this.variants.add(DEFAULTS);
    this.variants.addAll(variants);
    inputs.put("64 B frame", Traffic.ofFrames(64, FRAMES));
    inputs.put("1000 B record", Traffic.ofRecords(1000, FRAMES));
  }

  /** A batch's length, how long it is waited for, how it is compressed. */
  static List<String> variants() {
    List<String> variants = new ArrayList<>();
    for (int kibibytes : new int[] {16, 64, 128, 256, 512, 1008}) {
      variants.add(ProducerConfig.BATCH_SIZE_CONFIG + "=" + (kibibytes << 10));
    }
    for (int millis : new int[] {0, 5, 50}) {
      variants.add(ProducerConfig.LINGER_MS_CONFIG + "=" + millis);
    }
    for (String codec : new String[] {"none", "snappy", "zstd"}) {
      variants.add(ProducerConfig.COMPRESSION_TYPE_CONFIG + "=" + codec);
    }
    return variants;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    for (int round = 1; round <= rounds; round++) {
      for (Map.Entry<String, Traffic> input : inputs.entrySet()) {
        input.getValue().write(broker.inputFile(), inputBytes);
        // nobody's figure: so much new memory slows down the next run
        measure(broker, DEFAULTS);
        for (String variant : variants) {
          Throughput result = measure(broker, variant);
          System.out.printf(
              "round %d of %d, %s, %s: %s%n", round, rounds, variant, input.getKey(), result);
          results
              .computeIfAbsent(new Case(variant, input.getKey()), e -> new ArrayList<>())
              .add(result);
        }
      }
    }
    page.write(
        "settings",
        Machine.describe()
            + "\n\n"
            + table("thousand frames/s", result -> result.recordsPerSecond() / 1000)
            + "\n"
            + table("CPU of agent, ns per frame", Throughput::producerNanos)
            + "\n"
            + table("CPU of broker, ns per frame", Throughput::brokerNanos)
            + "\n"
            + table("bytes on the broker per frame", Throughput::storedBytes));
  }

  private Throughput measure(Broker broker, String variant) throws IOException {
    String[] setting = variant.split("=", 2);
    Map<String, String> settings =
        variant.equals(DEFAULTS) ? Map.of() : Map.of(setting[0], setting[1]);
    Path report = Files.createTempFile("ringtap-bench", ".json");
    try (Program agent =
        Contender.AGENT_FLOW.replayed(broker, broker.newTopic(), settings, report, "")) {
      Throughput.awaitSteady(broker, agent, warmupCpuMillis);
      return Throughput.measure(broker, agent, windowMillis);
    } finally {
      Files.delete(report);
    }
  }

  private Table table(String title, ToDoubleFunction<Throughput> figure) {
    List<String> titles = new ArrayList<>(List.of(title));
    titles.addAll(inputs.keySet());
    Table table = new Table(titles.toArray(String[]::new));
    for (String variant : variants) {
      String name = variant.equals(DEFAULTS) ? variant : "`" + variant + "`";
      List<Object> cells = new ArrayList<>(List.of(name));
      for (String input : inputs.keySet()) {
        cells.add(Samples.of(results.get(new Case(variant, input)).stream().mapToDouble(figure)));
      }
      table.row(cells.toArray());
    }
    return table;
  }
}
