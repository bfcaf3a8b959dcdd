package dev.ringtap.kafka.bench;

import dev.ringtap.kafka.agent.ProducerDefaults;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.tools.ProducerPerformance;

/** Who brings records into a topic, all with the agent's producer settings. */
enum Contender {
  KAFKA("Kafka's ProducerPerformance"),
  AGENT("agent, `--key none`", "--key", "none"),
  AGENT_FLOW("agent, `--key flow`"),
  AGENT_PACKED("agent, `--frames-per-record auto`", "--frames-per-record", "auto"),
  PCAP4J("pcap4j pipeline");

  private final String title;
  private final String[] options;

  Contender(String title, String... options) {
    this.title = title;
    this.options = options;
  }

  String title() {
    return title;
  }

  /** Whether there may be several frames in a record. */
  boolean packs() {
    return this == AGENT_PACKED;
  }

  /**
   * Those of this kind; an agent whose option this build does not have is left out, and says so.
   */
  static List<Contender> available(Predicate<Contender> kind) throws IOException {
    String help;
    try (Program program = Program.ringtap(Core.EITHER, "", "capture", "--help")) {
      program.awaitSuccess();
      help = program.printed();
    }
    List<Contender> available = new ArrayList<>();
    for (Contender each : values()) {
      String missing =
          Arrays.stream(each.options)
              .filter(option -> option.startsWith("--") && !help.contains(option))
              .findFirst()
              .orElse(null);
      if (missing != null) {
        System.out.println(each.title + " is left out: no option " + missing + " in this build");
      } else if (kind.test(each)) {
        available.add(each);
      }
    }
    return available;
  }

  /** Whether it is ours. */
  boolean isAgent() {
    return this != KAFKA && this != PCAP4J;
  }

  /** Whether it captures on an interface, in the way that it would in earnest. */
  boolean isLive() {
    return this != KAFKA && this != AGENT;
  }

  /** Starts it on an interface, where it ends at SIGTERM with all sent. */
  Program live(Broker broker, String topic, String interfaceName, Path report) throws IOException {
    return this == PCAP4J
        ? pcap4j(broker, topic, Map.of(), "live", interfaceName)
        : agent(broker, topic, "", Map.of(), report, "-i", interfaceName);
  }

  /**
   * Starts it on an input that lasts: the payload file again and again, or the broker's input file.
   *
   * @param compression Kafka's name of it
   * @param report where an agent writes its ledger when it ends
   */
  Program replay(Broker broker, String topic, String compression, Payloads payloads, Path report)
      throws IOException {
    Map<String, String> settings = Map.of(ProducerConfig.COMPRESSION_TYPE_CONFIG, compression);
    switch (this) {
      case KAFKA:
        return kafka(broker, topic, settings, payloads);
      case PCAP4J:
        return pcap4j(broker, topic, settings, "offline", broker.inputFile().toString());
      default:
        return replayed(broker, topic, settings, report, "");
    }
  }

  /**
   * As {@link #replay}, for an agent alone.
   *
   * @param settings of the producer, over the agent's own
   * @param javaOptions for its JVM, separated by blanks
   */
  Program replayed(
      Broker broker, String topic, Map<String, String> settings, Path report, String javaOptions)
      throws IOException {
    String input = broker.inputFile().toString();
    return agent(broker, topic, javaOptions, settings, report, "-r", input);
  }

  private static Program kafka(
      Broker broker, String topic, Map<String, String> settings, Payloads payloads)
      throws IOException {
    List<String> words = new ArrayList<>(List.of("--topic", topic));
    words.addAll(List.of("--bootstrap-server", broker.address()));
    words.addAll(List.of("--num-records", "1000000000", "--throughput", "-1"));
    words.addAll(List.of("--payload-file", payloads.file()));
    words.addAll(List.of("--payload-delimiter", Payloads.DELIMITER));
    words.add("--command-property");
    words.addAll(producerSettings(settings));
    return Program.java(Core.EITHER, ProducerPerformance.class, words.toArray(String[]::new));
  }

  private static Program pcap4j(
      Broker broker, String topic, Map<String, String> settings, String how, String input)
      throws IOException {
    List<String> words = new ArrayList<>(List.of(how, input, topic));
    words.add(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG + "=" + broker.address());
    words.addAll(producerSettings(settings));
    return Program.java(Core.EITHER, Pcap4jPipeline.class, words.toArray(String[]::new));
  }

  private Program agent(
      Broker broker,
      String topic,
      String javaOptions,
      Map<String, String> settings,
      Path report,
      String... input)
      throws IOException {
    List<String> words = new ArrayList<>(List.of("capture", "-t", topic));
    words.addAll(List.of("-b", broker.address(), "--report", report.toString()));
    words.addAll(List.of(input));
    words.addAll(List.of(options));
    settings.forEach((name, value) -> words.addAll(List.of("-X", name + "=" + value)));
    return Program.ringtap(Core.EITHER, javaOptions, words.toArray(String[]::new));
  }

  private static List<String> producerSettings(Map<String, String> settings) {
    Map<String, String> all = new TreeMap<>(ProducerDefaults.all());
    all.putAll(settings);
    return all.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue()).toList();
  }
}
