package dev.ringtap.kafka.cli;

import dev.ringtap.registry.PacketDecoder;
import dev.ringtap.registry.RegistryUrl;
import dev.ringtap.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a command that reads a topic. */
final class TopicArguments {
  private static final List<String> NAMES =
      List.of("-b", "-t", "--from-beginning", "-e", "--registry", "--consumer-config", "-X");

  @Option(
      names = {"-b", "--bootstrap-server"},
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9092",
      description =
          "Connects to these Kafka brokers, separated by commas. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  private String bootstrapServers;

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "TOPIC",
      defaultValue = "packets",
      description = "Reads this topic. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  private String topic;

  @Option(
      names = "--from-beginning",
      fallbackValue = CaptureFlags.ON,
      description = "Starts at the oldest record. Default: at the next one.")
  private boolean fromBeginning;

  @Option(
      names = {"-e", "--end"},
      fallbackValue = CaptureFlags.ON,
      description = "Stops at the record that is the last one when the command starts.")
  private boolean untilEnd;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description =
          "Looks up schema IDs in this registry, given as for capture. Default: assumes this"
              + " version's schema.")
  private @Nullable String registry;

  @Option(
      names = "--consumer-config",
      paramLabel = "FILE",
      description =
          "Reads Kafka consumer settings from this properties file. Put passwords here: -X shows them"
              + " in the process list.")
  private @Nullable Path consumerConfig;

  @Option(
      names = "-X",
      paramLabel = "KEY=VALUE",
      description = "Sets a Kafka consumer setting; overrides --consumer-config. Repeatable.")
  private Map<String, String> consumerSettings = new LinkedHashMap<>();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** The first of the options that is given, or null. */
  @Nullable String given() {
    return NAMES.stream()
        .filter(each -> command.commandLine().getParseResult().hasMatchedOption(each))
        .findFirst()
        .orElse(null);
  }

  /** Makes sure that none of the options is given. */
  void requireNone(String because) {
    if (given() != null) {
      throw usage(given() + " is for a topic, not for " + because);
    }
  }

  String topic() {
    return topic;
  }

  boolean untilEnd() {
    return untilEnd;
  }

  /**
   * Opens the topic.
   *
   * @throws IOException if no broker answers, or there is no such topic
   */
  <T> TopicReader<T> open(TopicReader.Values<T> values) throws IOException {
    Properties settings = new Properties();
    settings.setProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    if (consumerConfig != null) {
      settings.putAll(
          OptionFile.settings(command.commandLine(), "--consumer-config", consumerConfig));
    }
    settings.putAll(consumerSettings);
    return new TopicReader<>(settings, topic, fromBeginning, values);
  }

  /** The registry that has the values' schemas, or null. */
  @Nullable SchemaRegistry registry() {
    if (registry == null) {
      return null;
    }
    try {
      return SchemaRegistry.at(RegistryUrl.parse(registry));
    } catch (IllegalArgumentException e) {
      throw usage("--registry: " + e.getMessage());
    }
  }

  /** What makes packets of the topic's values. */
  static PacketDecoder packets(@Nullable SchemaRegistry registry) {
    return new PacketDecoder(registry, DumpCommand::note);
  }

  /** Ends a command that has read the topic: its exit code. */
  int end(TopicReader<?> reader, String expected) {
    if (reader.foreignRecords() > 0) {
      System.err.printf(
          "%d records of topic %s were no %s%n", reader.foreignRecords(), topic, expected);
      return ExitCode.FAILED;
    }
    return ExitCode.OK;
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
