package dev.ringtap.kafka.cli;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.CaptureSetup;
import dev.ringtap.kafka.agent.InterfaceSelection;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What {@code ringtap capture} was asked for. */
final class CaptureArguments {
  private static final int FIRST_FRAME_MILLIS = 1000;

  @Option(
      names = {"-i", "--interface"},
      paramLabel = "NAME|PATTERN",
      split = ",",
      description =
          "Captures on this interface; any captures on all at once. In a pattern, * stands for any"
              + " characters. Repeatable: each interface is a capture with its own rings.")
  List<String> interfaces = List.of();

  @Option(
      names = "--exclude",
      paramLabel = "NAME|PATTERN",
      split = ",",
      description = "Leaves out interfaces that a pattern of -i matches. Repeatable.")
  List<String> excluded = List.of();

  @Option(
      names = {"-r", "--read"},
      paramLabel = "FILE",
      description =
          "Replays this pcap or pcapng file, also compressed by gzip or zstd. - reads standard"
              + " input.")
  @Nullable Path replay;

  @Option(
      names = {"-b", "--bootstrap-server"},
      paramLabel = "HOST:PORT",
      description =
          "Connects to these Kafka brokers, separated by commas. Default: starts an embedded broker"
              + " on 127.0.0.1, port 9092 or a free one; with -w, uses no broker.")
  @Nullable String bootstrapServers;

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "TOPIC",
      defaultValue = "packets",
      description =
          "Writes to this topic and creates it if it is missing. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  String topic;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "4",
      description = "Partitions of a topic that it creates. Default: ${DEFAULT-VALUE}.")
  int partitions;

  @Option(
      names = "--key",
      paramLabel = "flow|interface|none",
      defaultValue = "flow",
      description =
          "Sets the record key. flow keeps both directions of a conversation in order on one"
              + " partition. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  RecordKey key;

  @Option(
      names = "--frames-per-record",
      paramLabel = "N|auto",
      defaultValue = "1",
      converter = FramesPerRecord.class,
      description =
          "Puts up to N frames into a batch record, for rates beyond one record per frame. A record"
              + " also ends with its block and at the producer's batch.size. auto sets no N. Default:"
              + " ${DEFAULT-VALUE}.")
  int framesPerRecord;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description = SchemaTarget.REGISTRY_MEANING + " Default: Avro single-object encoding.")
  @Nullable String registry;

  @Option(names = "--subject", paramLabel = "NAME", description = SchemaTarget.SUBJECT_MEANING)
  @Nullable String subject;

  @Option(
      names = "--flows",
      paramLabel = "TOPIC",
      description =
          "Writes flow records to this topic, beside the packets. Creates it if it is missing.")
  @Nullable String flows;

  @Option(
      names = "--no-packets",
      fallbackValue = CaptureFlags.ON,
      description = "Does not write packets: with --flows, flow records alone.")
  boolean noPackets;

  @Option(
      names = "--flow-table",
      paramLabel = "N",
      defaultValue = "65536",
      description =
          "Keeps up to N flows open for each worker, about 400 bytes each. A new flow ends an idle one"
              + " when all are in use. 1 to 16777216. Default: ${DEFAULT-VALUE}.")
  int flowTable;

  @Option(
      names = "--flow-idle",
      paramLabel = "SECONDS",
      defaultValue = "15",
      description =
          "Ends a flow that has had no frame for this long. 1 to 86400. Default: ${DEFAULT-VALUE}.")
  int flowIdleSeconds;

  @Option(
      names = "--flow-active",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "Writes a record of a flow that goes on for longer, and another for what follows."
              + " --flow-idle to 86400. Default: ${DEFAULT-VALUE}.")
  int flowActiveSeconds;

  @Option(
      names = {"-c", "--count"},
      paramLabel = "COUNT",
      description = "Stops after this many frames.")
  @Nullable Long count;

  @Option(
      names = "--bpf",
      paramLabel = "FILE",
      description =
          "Captures the frames that this program accepts: a file with the output of tcpdump -ddd."
              + " Replaces the filter expression and does not need libpcap.")
  @Nullable Path bpf;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Captures with this many threads, each a member with its own ring; --fanout-mode says how"
              + " they share frames. 1 to 256. Default: ${DEFAULT-VALUE}.")
  int workers;

  @Option(
      names = "--wait",
      fallbackValue = CaptureFlags.ON,
      description =
          "Waits for interfaces, a registry or a broker that are missing at the start, and for"
              + " interfaces that are removed or match later. The ring buffers frames until Kafka answers.")
  boolean waits;

  @Option(
      names = "--immediate",
      fallbackValue = CaptureFlags.ON,
      description = "Minimizes delay, at more CPU per frame: --retire-timeout 1 and linger.ms=0.")
  boolean immediate;

  @Option(
      names = "--own-traffic",
      fallbackValue = CaptureFlags.ON,
      description =
          "Captures the agent's own TCP connections to the brokers, too. Excluded by default.")
  boolean ownTraffic;

  @Option(
      names = "--producer-config",
      paramLabel = "FILE",
      description =
          "Reads Kafka producer settings from this properties file. Put passwords here: -X shows them"
              + " in the process list.")
  @Nullable Path producerConfig;

  @Option(
      names = {"-X", "--producer-property"},
      paramLabel = "KEY=VALUE",
      split = "\\R",
      description =
          "Sets a Kafka producer setting; overrides --producer-config. Repeatable; in a variable, one"
              + " on each line.")
  Map<String, String> producerSettings = new LinkedHashMap<>();

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE",
      description = "Writes frames to this pcapng file; without -b, only there.")
  @Nullable Path writeTo;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Writes the ledger to this file as JSON when the capture ends.")
  @Nullable Path report;

  @Option(
      names = "--metrics",
      paramLabel = "[HOST:]PORT",
      converter = ListenAddress.class,
      description =
          "Serves metrics for Prometheus at /metrics, and health at /livez and /readyz. HOST is an"
              + " address of this host: 0.0.0.0 serves to every network. Port 0 takes a free one."
              + " Default host: 127.0.0.1. Default: serves nothing.")
  @Nullable InetSocketAddress metrics;

  @Option(
      names = "--log-format",
      paramLabel = "text|json",
      defaultValue = "text",
      description =
          "Writes the log on standard error as text, or as one JSON object per line, the command's"
              + " other messages included. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  LogFormat logFormat;

  @Option(
      names = "--log-level",
      paramLabel = "error|warning|info|debug",
      defaultValue = "info",
      description = "Logs events of this level and above. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  LogLevel logLevel;

  @Option(
      names = "--drain-timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "Waits this long for Kafka when stopping; counts unacknowledged frames as not delivered."
              + " Default: ${DEFAULT-VALUE}.")
  int drainTimeoutSeconds;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Keeps the embedded broker's data in this directory. Default: that of `ringtap broker`.")
  @Nullable Path brokerDirectory;

  @Parameters(
      paramLabel = "FILTER",
      arity = "0..*",
      description =
          "Arguments after the options form a pcap-filter(7) expression, which the system's libpcap"
              + " compiles.")
  List<String> filter = List.of();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Reads options from this YAML file, by their long names: `topic: packets`. Environment"
              + " variables override it, the command line overrides both. SIGHUP reads it again.")
  @Nullable Path config;

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  final CaptureFlags flags = new CaptureFlags();

  /** What cannot be meant, a sentence each; empty if all can. */
  List<String> problems() {
    return new ArgumentCheck(this).problems();
  }

  private AgentConfig.@Nullable FlowTarget flowTarget() {
    if (flows == null) {
      return null;
    }
    FlowLimits limits =
        new FlowLimits(
            flowTable, Duration.ofSeconds(flowIdleSeconds), Duration.ofSeconds(flowActiveSeconds));
    SchemaTarget schema = registry == null ? null : SchemaTarget.of(registry, null, flows);
    return new AgentConfig.FlowTarget(flows, limits, noPackets, schema);
  }

  /** Null without a registry. */
  @Nullable SchemaTarget schemaTarget() {
    return registry == null ? null : SchemaTarget.of(registry, subject, topic);
  }

  /** The value of each option by its name; of --bpf, the program. */
  Map<String, Object> values() throws IOException {
    Map<String, Object> values = new HashMap<>();
    for (ArgSpec each : spec.args()) {
      values.put(OptionDefaults.key(each), each.getValue());
    }
    values.put("bpf", bpf == null ? null : bpfProgram(bpf).instructions());
    return values;
  }

  ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Kafka's settings: the file's, then -X, then -b. */
  Properties producerSettings() throws IOException {
    Properties settings = new Properties();
    if (immediate) {
      settings.setProperty(ProducerConfig.LINGER_MS_CONFIG, "0");
    }
    if (producerConfig != null) {
      settings.putAll(OptionFile.settings(spec.commandLine(), "--producer-config", producerConfig));
    }
    settings.putAll(producerSettings);
    if (bootstrapServers != null) {
      settings.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    }
    return settings;
  }

  /**
   * The run that was asked for.
   *
   * @param settings Kafka's; null if no Kafka is asked for
   * @throws IOException if a file that an option names cannot be read
   * @throws ParameterException if what it says is wrong
   */
  AgentConfig agentConfig(@Nullable Properties settings) throws IOException {
    AgentConfig.KafkaTarget kafka =
        settings == null
            ? null
            : new AgentConfig.KafkaTarget(
                topic,
                partitions,
                key,
                framesPerRecord,
                settings,
                ownTraffic,
                schemaTarget(),
                flowTarget());
    return new AgentConfig(
        replay == null ? live() : replay(replay),
        kafka,
        count == null ? 0 : count,
        writeTo,
        Duration.ofSeconds(drainTimeoutSeconds));
  }

  private AgentConfig.Live live() throws IOException {
    return new AgentConfig.Live(
        new InterfaceSelection(interfaces, excluded), setup(), workers, waits);
  }

  /** How each interface is captured. */
  CaptureSetup setup() throws IOException {
    CaptureConfig.Builder config = flags.toConfig(interfaces.get(0));
    if (immediate) {
      config.set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 1);
    }
    if (this.config != null) {
      config.filterChangeable();
    }
    CaptureConfig options = config.build();
    if (bpf != null) {
      BpfProgram program = bpfProgram(bpf);
      return new CaptureSetup(options, device -> program);
    }
    if (filter.isEmpty()) {
      return new CaptureSetup(options, device -> options.kernelProgram());
    }
    return new CaptureSetup(options, device -> compile(device, options.snapLengthBytes()));
  }

  private BpfProgram compile(CaptureInterface device, int snapLengthBytes) throws IOException {
    return FilterCompiler.system()
        .compileLive(expression(), device.name(), device.linkType(), snapLengthBytes);
  }

  private AgentConfig.Replay replay(Path file) throws IOException {
    if (!file.toString().equals("-") && !Files.exists(file)) {
      throw new NoSuchFileException(file + ": no such capture file");
    }
    return new AgentConfig.Replay(file, replayFilter(file), flags.get(CaptureOption.HOST_NAME));
  }

  private @Nullable FrameFilter replayFilter(Path file) throws IOException {
    if (bpf != null) {
      return FrameFilter.of(bpfProgram(bpf));
    }
    if (filter.isEmpty()) {
      return null;
    }
    FrameFilter compiled = FrameFilter.of(expression(), CaptureOption.MAX_SNAP_LENGTH_BYTES);
    if (Files.isRegularFile(file)) {
      checkFirstFrame(compiled, file);
    }
    return compiled;
  }

  /** What is wrong with the expression shows before anything is started. */
  private void checkFirstFrame(FrameFilter compiled, Path file) throws IOException {
    try (CaptureFile opened = CaptureFile.open(file)) {
      Block first = opened.poll(FIRST_FRAME_MILLIS);
      if (first != null) {
        compiled.forLinkType(first.linkType());
      }
    }
  }

  /** The filter in words: the expression, or the program's file; empty for none. */
  String filterText() {
    return bpf == null ? expression() : "--bpf " + bpf;
  }

  private String expression() {
    return String.join(" ", filter);
  }

  private BpfProgram bpfProgram(Path file) throws IOException {
    try {
      return BpfProgram.parse(OptionFile.text("--bpf", file));
    } catch (IllegalArgumentException e) {
      throw usage("--bpf " + file + ": " + e.getMessage());
    }
  }

  /** A number, or {@code auto}. */
  private static final class FramesPerRecord implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      if (value.equals("auto")) {
        return AgentConfig.KafkaTarget.ANY_NUMBER;
      }
      try {
        int frames = Integer.parseInt(value);
        if (frames > 0) {
          return frames;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw new TypeConversionException("'" + value + "' is neither a number from 1 on nor auto");
    }
  }
}
