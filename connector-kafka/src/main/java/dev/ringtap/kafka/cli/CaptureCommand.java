package dev.ringtap.kafka.cli;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.ReopeningCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.kafka.monitor.CaptureMBean;
import dev.ringtap.kafka.monitor.Monitor;
import dev.ringtap.kafka.registry.SchemaTarget;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.producer.ProducerConfig;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * {@code ringtap capture}: frames of an interface, or of a capture file, into a topic or a file.
 */
@Command(
    name = "capture",
    description = "Writes the frames of an interface or a capture file to a Kafka topic.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CaptureCommand implements Callable<Integer> {
  private static final System.Logger LOG = System.getLogger(CaptureCommand.class.getName());

  private static final int DEFAULT_BROKER_PORT = 9092;

  private static final int FIRST_FRAME_MILLIS = 1000;

  private static final int MAX_PARTITIONS = 10_000;

  private static final int MAX_WORKERS = 256;

  private static final List<CaptureOption<?>> FANOUT_OPTIONS =
      List.of(
          CaptureOption.FANOUT_MODE,
          CaptureOption.FANOUT_ROLLOVER,
          CaptureOption.FANOUT_DEFRAG,
          CaptureOption.FANOUT_PROGRAM);

  @Option(
      names = {"-r", "--read"},
      paramLabel = "FILE",
      description =
          "Replays this pcap or pcapng file, also compressed by gzip or zstd. - reads standard"
              + " input.")
  private Path replay;

  @Option(
      names = {"-b", "--bootstrap-server"},
      paramLabel = "HOST:PORT",
      description =
          "Connects to these Kafka brokers, separated by commas. Default: starts an embedded broker"
              + " on 127.0.0.1, port 9092 or a free one; with -w, uses no broker.")
  private String bootstrapServers;

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "TOPIC",
      defaultValue = "packets",
      description =
          "Writes to this topic and creates it if it is missing. Default: ${DEFAULT-VALUE}.")
  private String topic;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "4",
      description = "Partitions of a topic that it creates. Default: ${DEFAULT-VALUE}.")
  private int partitions;

  @Option(
      names = "--key",
      paramLabel = "flow|interface|none",
      defaultValue = "flow",
      description =
          "Sets the record key. flow keeps both directions of a conversation in order on one"
              + " partition. Default: ${DEFAULT-VALUE}.")
  private RecordKey key;

  @Option(
      names = "--frames-per-record",
      paramLabel = "N|auto",
      defaultValue = "1",
      converter = FramesPerRecord.class,
      description =
          "Puts up to N frames into a batch record, for rates beyond one record per frame. A record"
              + " also ends with its block and at the producer's batch.size. auto sets no N. Default:"
              + " ${DEFAULT-VALUE}.")
  private int framesPerRecord;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description = SchemaTarget.REGISTRY_MEANING + " Default: Avro single-object encoding.")
  private String registry;

  @Option(names = "--subject", paramLabel = "NAME", description = SchemaTarget.SUBJECT_MEANING)
  private String subject;

  @Option(
      names = {"-c", "--count"},
      paramLabel = "COUNT",
      description = "Stops after this many frames.")
  private Long count;

  @Option(
      names = "--bpf",
      paramLabel = "FILE",
      description =
          "Captures the frames that this program accepts: a file with the output of tcpdump -ddd."
              + " Replaces the filter expression and does not need libpcap.")
  private Path bpf;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Captures with this many threads, each a member with its own ring; --fanout-mode says how"
              + " they share frames. 1 to 256. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--wait",
      fallbackValue = CaptureFlags.ON,
      description =
          "Waits for an interface, registry or broker that is missing at the start, and for an"
              + " interface that is removed later. The ring buffers frames until Kafka answers.")
  private boolean waits;

  @Option(
      names = "--immediate",
      fallbackValue = CaptureFlags.ON,
      description = "Minimizes delay, at more CPU per frame: --retire-timeout 1 and linger.ms=0.")
  private boolean immediate;

  @Option(
      names = "--own-traffic",
      fallbackValue = CaptureFlags.ON,
      description =
          "Captures the agent's own TCP connections to the brokers, too. Excluded by default.")
  private boolean ownTraffic;

  @Option(
      names = "--producer-config",
      paramLabel = "FILE",
      description =
          "Reads Kafka producer settings from this properties file. Put passwords here: -X shows them"
              + " in the process list.")
  private Path producerConfig;

  @Option(
      names = "-X",
      paramLabel = "KEY=VALUE",
      description = "Sets a Kafka producer setting; overrides --producer-config. Repeatable.")
  private Map<String, String> producerSettings = new LinkedHashMap<>();

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE",
      description = "Writes frames to this pcapng file; without -b, only there.")
  private Path writeTo;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Writes the ledger to this file as JSON when the capture ends.")
  private Path report;

  @Option(
      names = "--metrics",
      paramLabel = "[HOST:]PORT",
      converter = ListenAddress.class,
      description =
          "Serves metrics for Prometheus at /metrics, and health at /livez and /readyz. HOST is an"
              + " address of this host: 0.0.0.0 serves to every network. Port 0 takes a free one."
              + " Default host: 127.0.0.1. Default: serves nothing.")
  private InetSocketAddress metrics;

  @Option(
      names = "--log-format",
      paramLabel = "text|json",
      defaultValue = "text",
      description =
          "Writes the log on standard error as text, or as one JSON object per line, the command's"
              + " other messages included. Default: ${DEFAULT-VALUE}.")
  private LogFormat logFormat;

  @Option(
      names = "--drain-timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "Waits this long for Kafka when stopping; counts unacknowledged frames as not delivered."
              + " Default: ${DEFAULT-VALUE}.")
  private int drainTimeoutSeconds;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Keeps the embedded broker's data in this directory. Default: that of `ringtap broker`.")
  private Path brokerDirectory;

  @Parameters(
      paramLabel = "FILTER",
      arity = "0..*",
      description =
          "Arguments after the options form a pcap-filter(7) expression, which the system's libpcap"
              + " compiles.")
  private List<String> filter = List.of();

  @Spec private CommandSpec spec;

  /** Null without --metrics. */
  private Monitor monitor;

  private final CaptureFlags flags = new CaptureFlags();

  static CommandLine commandLine() {
    CaptureCommand command = new CaptureCommand();
    CommandLine line = new CommandLine(command);
    command.flags.addTo(line.getCommandSpec());
    OptionGroups.show(line);
    return line;
  }

  @Override
  public Integer call() throws IOException {
    checkUsage();
    logFormat.use();
    try (Monitor started = metrics == null ? null : Monitor.start(metrics)) {
      monitor = started;
      return runAsAsked();
    }
  }

  private int runAsAsked() throws IOException {
    if (monitor != null) {
      LogFormat.say(
          "metrics at %s, for %s%n",
          monitor.url(),
          monitor.isPublic() ? "every host that reaches that address" : "this host alone");
    }
    CaptureConfig capture = replay == null ? captureConfig() : null;
    boolean isFile = replay != null && !replay.toString().equals("-");
    if (isFile && !Files.exists(replay)) {
      throw new NoSuchFileException(replay + ": no such capture file");
    }
    FrameFilter replayFilter = replay == null ? null : replayFilter();
    if (replay != null) {
      // not a live capture, by the name that Main gave the thread
      Thread.currentThread().setName("replay");
    }
    Properties settings = settings();
    boolean useKafka =
        settings.containsKey(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG) || writeTo == null;
    if (registry != null && !useKafka) {
      throw usage("--registry is for records of a topic, and -w without -b writes a file alone");
    }
    if (framesPerRecord > 1 && !useKafka) {
      throw usage(
          "--frames-per-record is for records of a topic, and -w without -b writes a file alone");
    }
    try (Report json = report == null ? null : Report.create(report)) {
      if (!useKafka || settings.containsKey(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG)) {
        return run(config(capture, replayFilter, useKafka ? settings : null), json);
      }
      if (capture != null) {
        // before the broker's seconds, not after
        PacketCapture.require(capture.get(CaptureOption.INTERFACE));
      }
      return runWithOwnBroker(config(capture, replayFilter, settings), json);
    }
  }

  private void checkUsage() {
    if (!filter.isEmpty() && bpf != null) {
      throw usage("--bpf and a filter expression exclude one another");
    }
    schemaTarget();
    boolean live = flags.isSet(CaptureOption.INTERFACE);
    if (live == (replay != null)) {
      throw usage(
          live
              ? "-i and -r exclude one another"
              : "say what to capture: -i INTERFACE (`ringtap interfaces` lists them) or -r FILE");
    }
    if (replay != null && flags.isAnySetBut(CaptureOption.HOST_NAME)) {
      throw usage("-s, -p, -B and the like are for a live capture, not for -r");
    }
    requireFrom("-c", count == null ? 1 : count, 1, Long.MAX_VALUE);
    requireFrom("--partitions", partitions, 1, MAX_PARTITIONS);
    requireFrom("--drain-timeout", drainTimeoutSeconds, 0, 86_400);
    requireFrom("--workers", workers, 1, MAX_WORKERS);
    if (replay != null && (workers > 1 || waits || immediate)) {
      throw usage("--workers, --wait and --immediate are for a live capture, not for -r");
    }
    if (replay != null && metrics != null) {
      throw usage("--metrics is for a live capture, not for -r");
    }
    if (immediate && flags.isSet(CaptureOption.RETIRE_TIMEOUT_MILLIS)) {
      throw usage("--immediate and --retire-timeout exclude one another");
    }
    boolean shared = workers > 1 || flags.isSet(CaptureOption.FANOUT_GROUP);
    if (!shared && FANOUT_OPTIONS.stream().anyMatch(flags::isSet)) {
      throw usage("the fanout options are for several --workers, or for a --fanout-group");
    }
  }

  /** Null without a registry. */
  private SchemaTarget schemaTarget() {
    if (registry == null) {
      if (subject != null) {
        throw usage("--subject is a name in a schema registry: say which with --registry URL");
      }
      return null;
    }
    if (subject != null && subject.isBlank()) {
      throw usage("--subject is blank; expected a name");
    }
    try {
      return SchemaTarget.of(registry, subject, topic);
    } catch (IllegalArgumentException e) {
      throw usage("--registry: " + e.getMessage());
    }
  }

  private void requireFrom(String option, long value, long least, long most) {
    if (value < least || value > most) {
      String upTo = most == Long.MAX_VALUE ? " or more" : most == least ? "" : " to " + most;
      throw usage(option + " is " + value + "; expected " + least + upTo);
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private CaptureConfig captureConfig() throws IOException {
    CaptureConfig.Builder config = flags.toConfig();
    if (immediate) {
      config.set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 1);
    }
    if (waits) {
      starting("waits for interface " + config.build().get(CaptureOption.INTERFACE));
      ReopeningCapture.awaitInterface(config.build().get(CaptureOption.INTERFACE));
    }
    if (bpf != null) {
      config.filter(bpfProgram());
    } else if (!filter.isEmpty()) {
      CaptureConfig unfiltered = config.build();
      String name = unfiltered.get(CaptureOption.INTERFACE);
      // no interface and no permission have better sentences of their own
      int linkType = PacketCapture.require(name).linkType();
      try {
        config.filter(
            FilterCompiler.system()
                .compileLive(expression(), name, linkType, unfiltered.snapLengthBytes()));
      } catch (FilterException e) {
        throw explained(e);
      }
    }
    return config.build();
  }

  private void starting(String phase) {
    if (monitor != null) {
      monitor.starting(phase);
    }
  }

  private FrameFilter replayFilter() throws IOException {
    if (bpf != null) {
      return FrameFilter.of(bpfProgram());
    }
    if (filter.isEmpty()) {
      return null;
    }
    FrameFilter compiled = FrameFilter.of(expression(), CaptureOption.MAX_SNAP_LENGTH_BYTES);
    if (Files.isRegularFile(replay)) {
      checkFirstFrame(compiled);
    }
    return compiled;
  }

  /** What is wrong with the expression shows before anything is started. */
  private void checkFirstFrame(FrameFilter compiled) throws IOException {
    try (CaptureFile file = CaptureFile.open(replay)) {
      Block first = file.poll(FIRST_FRAME_MILLIS);
      if (first != null) {
        compiled.forLinkType(first.linkType());
      }
    } catch (FilterException e) {
      throw explained(e);
    }
  }

  private String expression() {
    return String.join(" ", filter);
  }

  private IOException explained(FilterException e) {
    if (e.reason() == FilterException.Reason.EXPRESSION) {
      throw usage(e.getMessage());
    }
    return e;
  }

  private BpfProgram bpfProgram() throws IOException {
    try {
      return BpfProgram.parse(OptionFile.text("--bpf", bpf));
    } catch (IllegalArgumentException e) {
      throw usage("--bpf " + bpf + ": " + e.getMessage());
    }
  }

  /** Kafka's settings: the file's, then -X, then -b. */
  private Properties settings() throws IOException {
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

  private AgentConfig config(
      CaptureConfig capture, FrameFilter replayFilter, Properties kafkaSettings) {
    return new AgentConfig(
        capture,
        workers,
        waits,
        replay == null
            ? null
            : new AgentConfig.Replay(replay, replayFilter, flags.get(CaptureOption.HOST_NAME)),
        kafkaSettings == null
            ? null
            : new AgentConfig.KafkaTarget(
                topic, partitions, key, framesPerRecord, kafkaSettings, ownTraffic, schemaTarget()),
        count == null ? 0 : count,
        writeTo,
        Duration.ofSeconds(drainTimeoutSeconds));
  }

  private int runWithOwnBroker(AgentConfig config, Report json) throws IOException {
    Path directory = brokerDirectory == null ? EmbeddedBroker.defaultDirectory() : brokerDirectory;
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, usualOrFreePort())) {
      config
          .kafka()
          .producerSettings()
          .setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
      LogFormat.say(
          "broker on %s; read along: ringtap dump -b %s -t %s%n",
          broker.bootstrapServers(), broker.bootstrapServers(), topic);
      LogFormat.say("%s%n", BrokerCommand.SERVES_ALL_USERS);
      int code = run(config, json);
      LogFormat.say(
          "records kept in %s; `ringtap broker%s` serves them again%n",
          directory, brokerDirectory == null ? "" : " --dir " + directory);
      return code;
    }
  }

  /** The port that `ringtap dump` reads from by default, or 0 for any if that is taken. */
  private static int usualOrFreePort() {
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress("127.0.0.1", DEFAULT_BROKER_PORT));
      return DEFAULT_BROKER_PORT;
    } catch (IOException e) {
      return 0;
    }
  }

  private int run(AgentConfig config, Report json) throws IOException {
    Instant start = Instant.now();
    starting("the capture is being opened" + (config.kafka() == null ? "" : ", Kafka is asked"));
    try (CaptureAgent agent = CaptureAgent.open(config);
        CaptureMBean bean = new CaptureMBean()) {
      if (replay == null) {
        bean.show(agent);
      }
      if (monitor != null) {
        monitor.watch(agent, config, bpf == null ? expression() : "--bpf " + bpf);
      }
      Shutdown.onSignal(agent::stop, config.drainTimeout());
      UserSignal.onSignal(() -> flush(agent));
      announce(config, agent);
      Ledger ledger = ProgressLine.run(agent, config.kafka() != null);
      boolean failed = agent.failure() != null || ledger.notDelivered() > 0 || !ledger.balances();
      if (agent.failure() != null) {
        LogFormat.fail(agent.failure(), spec.commandLine().getErr());
      }
      tell(ledger);
      if (json != null) {
        json.write(
            ledger,
            config,
            agent.captures(),
            agent.schemaId(),
            start,
            Instant.now(),
            agent.failure());
      }
      return failed ? Main.FAILED : Main.OK;
    }
  }

  private static void tell(Ledger ledger) {
    if (!LogFormat.isJson()) {
      System.err.print(ledger.summary());
      return;
    }
    LOG.log(
        Level.INFO,
        "capture ended offered={0} droppedByKernel={1} captured={2} acknowledged={3} notDelivered={4}"
            + " balances={5}",
        ledger.offered(),
        ledger.droppedByKernel(),
        ledger.captured(),
        ledger.acknowledged(),
        ledger.notDelivered(),
        ledger.balances());
  }

  /** Tells how far the run is, once all that has come in by now is through. */
  private void flush(CaptureAgent agent) {
    try {
      CaptureStatistics cameIn = agent.flush();
      LogFormat.say(
          "so far: offered %d = %d dropped by the kernel + %d captured; not delivered %d, the others arrived%n",
          cameIn.offered(),
          cameIn.droppedByKernel(),
          cameIn.offered() - cameIn.droppedByKernel(),
          agent.counts().notDelivered());
    } catch (IOException e) {
      LogFormat.fail(e, spec.commandLine().getErr());
    }
  }

  private void announce(AgentConfig config, CaptureAgent agent) throws CaptureException {
    OptionalInt schemaId = agent.schemaId();
    StringBuilder where = new StringBuilder();
    if (config.kafka() != null) {
      where.append("topic ").append(topic).append(" at ");
      where.append(
          config.kafka().producerSettings().getProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG));
    }
    if (schemaId.isPresent()) {
      SchemaTarget schema = config.kafka().schema();
      where.append(" with schema ").append(schemaId.getAsInt()).append(" of subject ");
      where.append(schema.subject()).append(" at ").append(schema.registry());
    }
    if (writeTo != null) {
      where.append(where.length() == 0 ? "" : " and ").append("file ").append(writeTo);
    }
    if (config.capture() == null) {
      LogFormat.say("replaying %s to %s%n", replay, where);
      return;
    }
    CaptureId capture = agent.captures().get(0);
    LogFormat.say(
        "listening on %s%s of host %s since %s, link-type %d, snapshot length %d bytes, to %s%n",
        capture.interfaceName(),
        config.workers() == 1 ? "" : " with " + config.workers() + " workers",
        capture.host(),
        capture.start(),
        CaptureInterface.named(capture.interfaceName()).linkType(),
        config.capture().snapLengthBytes(),
        where);
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
