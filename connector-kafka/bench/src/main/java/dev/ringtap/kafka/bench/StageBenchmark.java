package dev.ringtap.kafka.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Where the agent's CPU time goes. The kernel tells the CPU time of each thread. That of the pump
 * is split by samples, which the JVM takes after every so much CPU time of the thread (JEP 509); a
 * sample belongs to the innermost method that is of a stage.
 */
final class StageBenchmark {
  private static final int SAMPLE_MILLIS = 2;
  private static final String NETWORK_TASK = "kafka-producer-";

  /** As the JVM calls it, and as the kernel does. */
  private static final String PUMP_THREAD = "main";

  private static final String PUMP_TASK = "java";

  private static final int FRAMES = 20_000;
  private static final String COMPRESSION = "lz4";

  private final int warmupCpuMillis;
  private final int windowMillis;
  private final long inputBytes;

  /** A part of the way, told by the classes that do it. */
  private enum Stage {
    COMPRESS("compression", "net.jpountz.", "org.apache.kafka.common.compress."),
    ENCODE("encoding", "dev.ringtap.record."),
    KEY("key", "dev.ringtap.kafka.agent.RecordKey", "dev.ringtap.packet."),
    READ("reading the capture, walking blocks", "dev.ringtap.capture.", "dev.ringtap.file."),
    SEND("`KafkaProducer.send`, without compression", "org.apache.kafka."),
    NETWORK("Kafka's network thread"),
    REST("the rest"),
    JVM("the JVM: compiler, garbage collector");

    private final String title;
    private final List<String> prefixes;

    Stage(String title, String... prefixes) {
      this.title = title;
      this.prefixes = List.of(prefixes);
    }

    boolean owns(String className) {
      return prefixes.stream().anyMatch(className::startsWith);
    }
  }

  StageBenchmark(int warmupCpuMillis, int windowMillis, long inputBytes) {
    this.warmupCpuMillis = warmupCpuMillis;
    this.windowMillis = windowMillis;
    this.inputBytes = inputBytes;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    Map<String, Traffic> inputs = new LinkedHashMap<>();
    inputs.put("64 B frame", Traffic.ofFrames(64, FRAMES));
    inputs.put("1000 B record", Traffic.ofRecords(1000, FRAMES));
    List<Contender> contenders = Contender.available(each -> each.isLive() && each.isAgent());
    List<String> titles = new ArrayList<>(List.of("ns per frame, " + COMPRESSION));
    List<Map<Stage, Double>> columns = new ArrayList<>();
    for (Contender contender : contenders) {
      for (Map.Entry<String, Traffic> input : inputs.entrySet()) {
        input.getValue().write(broker.inputFile(), inputBytes);
        titles.add(contender.title() + ", " + input.getKey());
        columns.add(measure(broker, contender));
      }
    }
    Table table = new Table(titles.toArray(String[]::new));
    for (Stage stage : Stage.values()) {
      row(table, stage.title, columns, stage::equals);
    }
    row(table, "**all**", columns, stage -> true);
    page.write("stages", Machine.describe() + "\n\n" + table);
  }

  private static void row(
      Table table, String title, List<Map<Stage, Double>> columns, Predicate<Stage> which) {
    List<Object> cells = new ArrayList<>(List.of(title));
    for (Map<Stage, Double> column : columns) {
      cells.add(
          Samples.number(
              column.entrySet().stream()
                  .filter(each -> which.test(each.getKey()))
                  .mapToDouble(Map.Entry::getValue)
                  .sum()));
    }
    table.row(cells.toArray());
  }

  private Map<Stage, Double> measure(Broker broker, Contender contender) throws IOException {
    String topic = broker.newTopic();
    Path report = Files.createTempFile("ringtap-bench", ".json");
    Path recording = Files.createTempFile("ringtap-bench", ".jfr");
    String javaOptions =
        "-XX:StartFlightRecording:settings=none,+jdk.CPUTimeSample#enabled=true"
            + ",+jdk.CPUTimeSample#throttle="
            + SAMPLE_MILLIS
            + "ms,filename="
            + recording;
    Map<String, String> settings = Map.of(ProducerConfig.COMPRESSION_TYPE_CONFIG, COMPRESSION);
    try (Program agent = contender.replayed(broker, topic, settings, report, javaOptions)) {
      Throughput.awaitSteady(broker, agent, warmupCpuMillis);
      Instant begin = Instant.now();
      Map<String, Long> threadsBefore = agent.cpuNanosByThread();
      Throughput records = Throughput.measure(broker, agent, windowMillis);
      Map<String, Long> threads = agent.cpuNanosByThread();
      Instant end = Instant.now();
      threadsBefore.forEach((name, nanos) -> threads.merge(name, -nanos, Long::sum));
      agent.terminate();
      agent.awaitEnd();
      double acknowledged =
          new ObjectMapper().readTree(report.toFile()).get("acknowledged").asDouble();
      Throughput frames = records.ofFrames(acknowledged / broker.records());
      return split(samples(recording, begin, end), threads, frames);
    } finally {
      Files.delete(report);
      Files.delete(recording);
    }
  }

  private static Map<Stage, Double> split(
      Map<Stage, Long> samples, Map<String, Long> threads, Throughput frames) {
    double perNano =
        frames.producerNanos() / threads.values().stream().mapToLong(Long::longValue).sum();
    double allSamples = samples.values().stream().mapToLong(Long::longValue).sum();
    double pump = threads.getOrDefault(PUMP_TASK, 0L) * perNano;
    Map<Stage, Double> nanos = new EnumMap<>(Stage.class);
    samples.forEach((stage, count) -> nanos.put(stage, pump * count / allSamples));
    nanos.put(Stage.NETWORK, threads.getOrDefault(NETWORK_TASK, 0L) * perNano);
    nanos.put(Stage.JVM, frames.producerNanos() - pump - nanos.get(Stage.NETWORK));
    return nanos;
  }

  /** The pump's samples between two times. */
  private static Map<Stage, Long> samples(Path recording, Instant begin, Instant end)
      throws IOException {
    Map<Stage, Long> samples = new EnumMap<>(Stage.class);
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        RecordedEvent event = file.readEvent();
        Instant time = event.getStartTime();
        boolean isPump =
            event.getEventType().getName().equals("jdk.CPUTimeSample")
                && event.getThread("eventThread").getJavaName().equals(PUMP_THREAD);
        if (isPump && time.isAfter(begin) && time.isBefore(end)) {
          samples.merge(stage(event), 1L, Long::sum);
        }
      }
    }
    return samples;
  }

  private static Stage stage(RecordedEvent sample) {
    if (sample.getStackTrace() == null) {
      return Stage.REST;
    }
    for (RecordedFrame frame : sample.getStackTrace().getFrames()) {
      String className = frame.getMethod().getType().getName();
      for (Stage stage : Stage.values()) {
        if (stage.owns(className)) {
          return stage;
        }
      }
    }
    return Stage.REST;
  }
}
