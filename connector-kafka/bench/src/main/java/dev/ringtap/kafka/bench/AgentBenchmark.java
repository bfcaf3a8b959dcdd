package dev.ringtap.kafka.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.bench.BarChart;
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
import java.util.stream.IntStream;

/**
 * Frames per second of the agent beside Kafka's own ProducerPerformance and beside the pipeline
 * that people write today: same broker, same topic settings, same producer settings, same bytes.
 * The contenders take turns in each round; ratios are those of one round.
 */
final class AgentBenchmark {
  private static final int SHORTEST_FRAME_BYTES = 64;
  private static final int FRAMES = 20_000;

  private final int rounds;
  private final int warmupCpuMillis;
  private final int windowMillis;
  private final long inputBytes;
  private final List<String> compressions;
  private final Map<String, Traffic> inputs = new LinkedHashMap<>();
  private final Map<Case, List<Throughput>> results = new LinkedHashMap<>();

  private record Case(Contender contender, String input, String compression) {}

  /**
   * @param warmupCpuMillis CPU time that a process has used when the clock starts
   * @param windowMillis from there to the clock's end
   * @param inputBytes length of the capture file, which has to last for a run
   * @param compressions Kafka's names of them
   * @param recordBytes lengths of records, besides those of the shortest frames
   */
  AgentBenchmark(
      int rounds,
      int warmupCpuMillis,
      int windowMillis,
      long inputBytes,
      List<String> compressions,
      List<Integer> recordBytes)
      throws IOException {
    this.rounds = rounds;
    this.warmupCpuMillis = warmupCpuMillis;
    this.windowMillis = windowMillis;
    this.inputBytes = inputBytes;
    this.compressions = compressions;
    inputs.put(SHORTEST_FRAME_BYTES + " B frame", Traffic.ofFrames(SHORTEST_FRAME_BYTES, FRAMES));
    for (int bytes : recordBytes) {
      inputs.put(bytes + " B record", Traffic.ofRecords(bytes, FRAMES));
    }
  }

  void run(Broker broker, BenchPage page) throws IOException {
    List<Contender> contenders = Contender.available(contender -> true);
    // nobody's figure: the broker warms up
    Map.Entry<String, Traffic> first = inputs.entrySet().iterator().next();
    try (Payloads payloads = first.getValue().payloads()) {
      measure(broker, new Case(Contender.KAFKA, first.getKey(), "lz4"), payloads);
    }
    for (int round = 1; round <= rounds; round++) {
      for (Map.Entry<String, Traffic> input : inputs.entrySet()) {
        input.getValue().write(broker.inputFile(), inputBytes);
        try (Payloads payloads = input.getValue().payloads()) {
          for (String compression : compressions) {
            for (Contender contender : contenders) {
              Case each = new Case(contender, input.getKey(), compression);
              Throughput result = measure(broker, each, payloads);
              System.out.printf("round %d of %d, %s: %s%n", round, rounds, each, result);
              results.computeIfAbsent(each, e -> new ArrayList<>()).add(result);
            }
          }
        }
      }
    }
    write(page, contenders);
  }

  private Throughput measure(Broker broker, Case which, Payloads payloads) throws IOException {
    Contender contender = which.contender();
    String topic = broker.newTopic();
    Path report = Files.createTempFile("ringtap-bench", ".json");
    try (Program program = contender.replay(broker, topic, which.compression(), payloads, report)) {
      Throughput.awaitSteady(broker, program, warmupCpuMillis);
      Throughput records = Throughput.measure(broker, program, windowMillis);
      if (!contender.packs()) {
        return records;
      }
      program.terminate();
      program.awaitEnd();
      double frames = new ObjectMapper().readTree(report.toFile()).get("acknowledged").asDouble();
      return records.ofFrames(frames / broker.records());
    } finally {
      Files.delete(report);
    }
  }

  private void write(BenchPage page, List<Contender> contenders) throws IOException {
    Table rates = table("frames/s", "");
    Table cpu = table("CPU of the producing process, ns per frame", "");
    Table stored = table("bytes on the broker per frame", "");
    BarChart chart = BarChart.linear("Frames per second into a topic, thousands");
    for (Contender contender : contenders) {
      rates.row(cells(contender, Throughput::recordsPerSecond));
      cpu.row(cells(contender, Throughput::producerNanos));
      stored.row(cells(contender, Throughput::storedBytes));
      for (Case each : cases(contender)) {
        chart.bar(
            each.input() + ", " + each.compression(),
            contender.title().replace("`", ""),
            samples(each, result -> result.recordsPerSecond() / 1000));
      }
    }
    Table ratios = table("ratio in one round", "goal");
    String kafkaGoal = "≥ 0.95 at 200 and 1000 B";
    ratio(ratios, contenders, Contender.AGENT, Contender.KAFKA, kafkaGoal);
    ratio(ratios, contenders, Contender.AGENT_FLOW, Contender.KAFKA, "");
    ratio(ratios, contenders, Contender.AGENT, Contender.PCAP4J, "≥ 5");
    ratio(ratios, contenders, Contender.AGENT_PACKED, Contender.PCAP4J, "");
    ratio(ratios, contenders, Contender.AGENT_PACKED, Contender.AGENT, "≥ 8 at 64 B");
    page.write(
        "agent",
        String.join(
            "\n",
            Machine.describe() + "\n",
            rates.toString(),
            ratios.toString(),
            cpu.toString(),
            stored.toString()),
        chart);
  }

  private List<Case> cases(Contender contender) {
    return compressions.stream()
        .flatMap(
            compression ->
                inputs.keySet().stream().map(input -> new Case(contender, input, compression)))
        .toList();
  }

  private Table table(String first, String last) {
    List<String> titles = new ArrayList<>();
    titles.add(first);
    cases(Contender.AGENT).forEach(each -> titles.add(each.input() + ", " + each.compression()));
    if (!last.isEmpty()) {
      titles.add(last);
    }
    return new Table(titles.toArray(String[]::new));
  }

  private Object[] cells(Contender contender, ToDoubleFunction<Throughput> figure) {
    List<Object> cells = new ArrayList<>();
    cells.add(contender.title());
    cases(contender).forEach(each -> cells.add(samples(each, figure)));
    return cells.toArray();
  }

  private Samples samples(Case which, ToDoubleFunction<Throughput> figure) {
    return Samples.of(results.get(which).stream().mapToDouble(figure));
  }

  private void ratio(
      Table table, List<Contender> contenders, Contender ours, Contender theirs, String goal) {
    if (!contenders.containsAll(List.of(ours, theirs))) {
      return;
    }
    List<Object> cells = new ArrayList<>();
    cells.add(ours.title() + " ÷ " + theirs.title());
    for (Case each : cases(ours)) {
      List<Throughput> first = results.get(each);
      List<Throughput> second = results.get(new Case(theirs, each.input(), each.compression()));
      cells.add(
          Samples.of(
              IntStream.range(0, first.size())
                  .mapToDouble(
                      i -> first.get(i).recordsPerSecond() / second.get(i).recordsPerSecond())));
    }
    cells.add(goal);
    table.row(cells.toArray());
  }
}
