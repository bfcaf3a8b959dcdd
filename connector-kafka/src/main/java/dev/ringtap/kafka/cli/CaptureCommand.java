package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.CaptureLedger;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.kafka.monitor.AgentMBean;
import dev.ringtap.kafka.monitor.Health;
import dev.ringtap.kafka.monitor.Monitor;
import dev.ringtap.kafka.monitor.Subject;
import dev.ringtap.registry.SchemaTarget;
import dev.ringtap.service.ServiceManager;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ringtap capture}: frames of interfaces, or of a capture file, into a topic or a file. */
@Command(
    name = "capture",
    description = "Writes the frames of interfaces or a capture file to a Kafka topic.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CaptureCommand implements Callable<Integer> {
  private static final System.Logger LOG = System.getLogger(CaptureCommand.class.getName());

  private static final String CAPTURE_ENDED = "capture ended capture";

  private static final int DEFAULT_BROKER_PORT = 9092;

  @Mixin private final CaptureArguments arguments = new CaptureArguments();

  @Spec private CommandSpec spec;

  private final ServiceManager manager = ServiceManager.ofProcess();

  /** Done when the capture is open. */
  private final CompletableFuture<Reload> opened = new CompletableFuture<>();

  /** Null without --metrics. */
  private @Nullable Monitor monitor;

  static CommandLine commandLine() {
    CaptureCommand command = new CaptureCommand();
    CommandLine line = new CommandLine(command);
    command.arguments.flags.addTo(line.getCommandSpec());
    OptionGroups.show(line);
    return line;
  }

  @Override
  public Integer call() throws IOException {
    CaptureArguments asked = withConfigFile();
    List<String> problems = asked.problems();
    if (!problems.isEmpty()) {
      throw asked.usage(problems.get(0));
    }
    asked.logFormat.use();
    asked.logLevel.use();
    try (Monitor started = asked.metrics == null ? null : Monitor.start(asked.metrics)) {
      monitor = started;
      return run(asked);
    }
  }

  /**
   * Reads the same command line again, with what the configuration file, if there is one, says by
   * now for what it omits.
   */
  private CaptureArguments withConfigFile() throws IOException {
    if (arguments.config == null) {
      return arguments;
    }
    ConfigFile file = ConfigFile.read(arguments.config).checked(spec);
    OptionDefaults defaults = (OptionDefaults) spec.defaultValueProvider();
    List<String> words = spec.root().commandLine().getParseResult().originalArgs();
    return parse(defaults.with(file), words.toArray(String[]::new));
  }

  /** What a whole command line asks for, with these values for what it omits. */
  static CaptureArguments parse(OptionDefaults defaults, String... words) {
    CommandLine.ParseResult parsed = Main.commandLine(defaults).parseArgs(words);
    return ((CaptureCommand) parsed.subcommand().commandSpec().userObject()).arguments;
  }

  private int run(CaptureArguments asked) throws IOException {
    if (monitor != null) {
      LogFormat.say(
          "metrics at %s, for %s%n",
          monitor.url(),
          monitor.isPublic() ? "every host that reaches that address" : "this host alone");
    }
    if (asked.replay != null) {
      // not a live capture, by the name that Main gave the thread
      Thread.currentThread().setName("replay");
    }
    Properties settings = asked.producerSettings();
    boolean hasBroker = settings.containsKey(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG);
    boolean useKafka = hasBroker || asked.writeTo == null;
    if (!useKafka && (asked.registry != null || asked.framesPerRecord > 1 || asked.flows != null)) {
      throw asked.usage(
          (asked.registry != null
                  ? "--registry"
                  : asked.flows != null ? "--flows" : "--frames-per-record")
              + " is for records of a topic, and -w without -b writes a file alone");
    }
    AgentConfig config = asked.agentConfig(useKafka ? settings : null);
    // Unhandled, these signals would end a run that still waits for its interface or for Kafka.
    if (asked.config != null && !Signals.on("HUP", () -> opened.thenAccept(Reload::request))) {
      LogFormat.say("SIGHUP is ignored, as nohup wants it: %s is not read again%n", asked.config);
    }
    Signals.on("USR1", () -> {});
    try (Report json = asked.report == null ? null : Report.create(asked.report)) {
      if (config.input() instanceof AgentConfig.Live live) {
        starting("waits for interface " + live.interfaces());
        // before a broker's seconds, not after
        live.interfaces().require(live.setup().options(), live.waits());
      }
      return useKafka && !hasBroker
          ? runWithOwnBroker(asked, settings, config, json)
          : run(asked, config, json);
    }
  }

  private void starting(String phase) {
    manager.status(phase);
    if (monitor != null) {
      monitor.starting(phase);
    }
  }

  /**
   * @param settings of the configuration's producer, which get the broker's address
   */
  private int runWithOwnBroker(
      CaptureArguments asked, Properties settings, AgentConfig config, @Nullable Report json)
      throws IOException {
    try (EmbeddedBroker broker = OwnBroker.start(asked.brokerDirectory, usualOrFreePort())) {
      settings.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
      LogFormat.say(
          asked.noPackets
              ? "broker on %s%n"
              : "broker on %s; read along: ringtap dump -b %1$s -t %s%n",
          broker.bootstrapServers(),
          asked.topic);
      LogFormat.say("%s%n", BrokerCommand.SERVES_ALL_USERS);
      int code = run(asked, config, json);
      LogFormat.say(
          "records kept in %s; `ringtap broker%s` serves them again%n",
          broker.directory(),
          asked.brokerDirectory == null ? "" : " --dir " + asked.brokerDirectory);
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

  private int run(CaptureArguments asked, AgentConfig config, @Nullable Report json)
      throws IOException {
    Instant start = Instant.now();
    starting("the capture is being opened" + (config.kafka() == null ? "" : ", Kafka is asked"));
    try (CaptureAgent agent = CaptureAgent.open(config);
        AgentMBean bean = new AgentMBean()) {
      if (asked.replay == null) {
        bean.show(agent::counts);
      }
      Properties settings =
          config.kafka() == null ? new Properties() : config.kafka().producerSettings();
      Reload reload = new Reload(agent, asked, settings, this::withConfigFile);
      opened.complete(reload);
      if (monitor != null) {
        monitor.watch(subject(config, agent, reload));
      }
      Shutdown.onSignal(() -> stop(agent), config.drainTimeout());
      Signals.on("USR1", () -> flush(agent));
      announce(config, agent);
      manager.ready(() -> Health.isLive(agent.counts()));
      Ledger ledger = ProgressLine.run(agent, config.kafka() != null);
      Throwable failure = agent.failure();
      boolean failed = failure != null || ledger.isIncomplete() || !ledger.balances();
      if (failure != null) {
        LogFormat.fail(failure, spec.commandLine().getErr());
      }
      tell(agent.ledgers(), ledger);
      if (json != null) {
        json.write(ledger, config, agent, start, Instant.now());
      }
      return failed ? ExitCode.FAILED : ExitCode.OK;
    }
  }

  private void stop(CaptureAgent agent) {
    manager.stopping();
    agent.stop();
  }

  private static Subject subject(AgentConfig config, CaptureAgent agent, Reload reload) {
    return new Subject(
        ((AgentConfig.Live) config.input()).setup().options().hostName(),
        reload::filterText,
        config.kafka() == null ? null : String.join(",", config.kafka().topics()),
        config.writeTo() != null,
        agent::counts,
        agent::schemaId,
        agent::failure);
  }

  private static void tell(List<CaptureLedger> captures, Ledger total) {
    if (!LogFormat.isJson()) {
      if (captures.size() > 1) {
        captures.forEach(each -> System.err.println(each.line()));
      }
      System.err.print(total.summary());
      return;
    }
    if (captures.size() > 1) {
      captures.forEach(each -> each.log(LOG, CAPTURE_ENDED));
    }
    String name = captures.size() == 1 ? captures.get(0).name() : "all";
    new CaptureLedger(name, List.of(), total).log(LOG, CAPTURE_ENDED);
  }

  /** Tells how far the run is, once all that has come in by now is through. */
  private void flush(CaptureAgent agent) {
    try {
      CaptureStatistics cameIn = agent.flush();
      long offered = cameIn.offered();
      long dropped = cameIn.droppedByKernel();
      long captured = offered - dropped;
      long notDelivered = agent.counts().notDelivered();
      if (LogFormat.isJson()) {
        LOG.log(
            Level.INFO,
            "capture flushed offered={0} droppedByKernel={1} captured={2} acknowledged={3}"
                + " notDelivered={4}",
            offered,
            dropped,
            captured,
            captured - notDelivered,
            notDelivered);
      } else {
        LogFormat.say(
            "so far: offered %d = %d dropped by the kernel + %d captured; not delivered %d, the others arrived%n",
            offered, dropped, captured, notDelivered);
      }
    } catch (IOException e) {
      LogFormat.fail(e, spec.commandLine().getErr());
    }
  }

  private static void announce(AgentConfig config, CaptureAgent agent) {
    String where = destination(config, agent);
    switch (config.input()) {
      case AgentConfig.Replay replay -> LogFormat.say("replaying %s to %s%n", replay.file(), where);
      case AgentConfig.Live live -> {
        if (LogFormat.isJson()) {
          agent.interfaces().forEach((capture, device) -> logStart(capture, device, where));
          return;
        }
        String workers = live.workers() == 1 ? "" : " with " + live.workers() + " workers";
        agent
            .interfaces()
            .forEach(
                (capture, device) ->
                    LogFormat.say(
                        "listening on %s%s of host %s since %s, link-type %d, snapshot length %d"
                            + " bytes, to %s%n",
                        device.name(),
                        workers,
                        capture.host(),
                        capture.start(),
                        device.linkType(),
                        live.setup().options().snapLengthBytes(),
                        where));
      }
    }
  }

  private static void logStart(CaptureId capture, CaptureInterface device, String where) {
    LOG.log(
        Level.INFO,
        "capture started interface={0} host={1} captureStart={2} linkType={3} to={4}",
        device.name(),
        capture.host(),
        capture.start(),
        device.linkType(),
        where);
  }

  private static String destination(AgentConfig config, CaptureAgent agent) {
    OptionalInt schemaId = agent.schemaId();
    StringBuilder where = new StringBuilder();
    AgentConfig.KafkaTarget kafka = config.kafka();
    if (kafka != null) {
      AgentConfig.FlowTarget flows = kafka.flows();
      if (kafka.hasPackets()) {
        where.append("topic ").append(kafka.topic());
      }
      if (flows != null) {
        where.append(flows.alone() ? "" : " and ").append("flow topic ").append(flows.topic());
      }
      where.append(" at ");
      where.append(kafka.producerSettings().getProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG));
      SchemaTarget schema = kafka.schema();
      if (schema != null && schemaId.isPresent()) {
        where.append(" with schema ").append(schemaId.getAsInt()).append(" of subject ");
        where.append(schema.subject()).append(" at ").append(schema.registry());
      }
    }
    if (config.writeTo() != null) {
      where.append(where.length() == 0 ? "" : " and ").append("file ").append(config.writeTo());
    }
    return where.toString();
  }
}
