package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.PacketCapture;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens the captures of a live run, and keeps them as the run wants them: interfaces that come, a
 * filter that changes, brokers that move. Thread-safe.
 */
final class LiveCaptures {
  private static final System.Logger LOG = System.getLogger(CaptureAgent.class.getName());

  private final AgentConfig.Live live;
  private final CaptureRun.Common common;

  /** Null unless frames of the brokers' connections are kept out. */
  private final @Nullable KafkaLink excluded;

  private final Map<String, String> problems = new HashMap<>();

  /** What captures are opened with from now on. Guarded by this, as what opens and changes them. */
  private CaptureSetup setup;

  /** Null where no file is asked for. Guarded by this. */
  private @Nullable FileSink file;

  /** Takes a capture into the run, or closes it if the run is stopped. */
  interface Run {
    void add(CaptureRun capture) throws IOException;
  }

  /**
   * @param excluded has the brokers whose connections are not captured; null to capture all
   */
  LiveCaptures(AgentConfig.Live live, CaptureRun.Common common, @Nullable KafkaLink excluded) {
    this.live = live;
    this.common = common;
    this.excluded = excluded;
    this.setup = live.setup();
  }

  /**
   * The interfaces to begin with, of which each has been tried.
   *
   * @throws IOException if one is missing, or the filter is wrong; the message says what to do
   */
  List<CaptureInterface> devices() throws IOException {
    List<String> names =
        live.waits()
            ? live.interfaces().among(present())
            : live.setup().options().inNamespace(live.interfaces()::required);
    List<CaptureInterface> devices = new ArrayList<>();
    for (String each : names) {
      CaptureInterface device = require(each);
      live.setup().on(device);
      devices.add(device);
    }
    return devices;
  }

  private CaptureInterface require(String name) throws CaptureException {
    return live.setup().options().inNamespace(() -> PacketCapture.require(name));
  }

  /**
   * Opens the first captures.
   *
   * @param into the file that frames are written to, or null
   */
  synchronized void open(List<CaptureInterface> devices, @Nullable FileSink into, Run run)
      throws IOException {
    file = into;
    for (CaptureInterface each : devices) {
      run.add(open(each));
    }
  }

  private CaptureRun open(CaptureInterface device) throws IOException {
    CaptureConfig capture = setup.on(device);
    CaptureRun run =
        CaptureRun.open(
            device,
            capture,
            live.workers(),
            live.waits() && live.interfaces().isNamed(device.name()),
            excluded == null ? null : excluded.knownBrokers(),
            common);
    try {
      if (file != null) {
        run.declareIn(file, capture);
      }
      return run;
    } catch (IOException | RuntimeException | Error e) {
      run.close();
      throw e;
    }
  }

  /**
   * Opens wanted interfaces that have come. One that cannot be opened is tried again the next time.
   *
   * @param known names of those that are captured
   */
  void openNew(List<String> known, Run run) throws IOException {
    List<CaptureInterface> all = present();
    problems.keySet().retainAll(all.stream().map(CaptureInterface::name).toList());
    for (String name : live.interfaces().among(all)) {
      if (known.contains(name)) {
        continue;
      }
      try {
        openNew(name, run);
        problems.remove(name);
      } catch (IOException e) {
        // gone again, or no memory for its ring: the others go on
        String problem = AgentException.message(e);
        if (!problem.equals(problems.put(name, problem))) {
          LOG.log(
              Level.WARNING,
              "interface is not captured yet interface={0} reason={1}",
              name,
              problem);
        }
      }
    }
  }

  /** None if the network namespace is gone, or not there yet. */
  private List<CaptureInterface> present() throws CaptureException {
    try {
      return live.setup().options().inNamespace(CaptureInterface::list);
    } catch (CaptureException e) {
      if (e.isInterfaceAway()) {
        return List.of();
      }
      throw e;
    }
  }

  private synchronized void openNew(String name, Run run) throws IOException {
    CaptureRun opened = open(require(name));
    run.add(opened);
    LOG.log(
        Level.INFO,
        "interface is there, its capture starts interface={0} captureStart={1}",
        name,
        opened.captures().get(0).start());
  }

  private @Nullable KafkaSink excludedSink() {
    return excluded == null ? null : excluded.sink();
  }

  /** Whether there are brokers to follow: a producer whose connections are kept out. */
  boolean hasBrokers() {
    return excludedSink() != null;
  }

  /** Keeps out the connections to brokers that have moved or joined, once there is a producer. */
  void followBrokers(List<CaptureRun> captures) throws IOException {
    KafkaSink sink = excludedSink();
    if (sink != null) {
      Set<HostPort> brokers = brokers();
      for (CaptureRun each : captures) {
        each.follow(brokers, sink.bytesSent());
      }
    }
  }

  private Set<HostPort> brokers() {
    if (excluded == null) {
      return Set.of();
    }
    Set<HostPort> brokers = excluded.knownBrokers();
    KafkaSink sink = excluded.sink();
    if (sink != null) {
      brokers.addAll(sink.brokers());
    }
    return brokers;
  }

  /**
   * Captures by another filter and snap length from now on.
   *
   * @param captures those that the run has, when nothing is opened
   * @throws IOException if a filter cannot be compiled, and nothing is changed then; or if the
   *     kernel refuses one
   */
  synchronized void change(CaptureSetup changed, Supplier<List<CaptureRun>> captures)
      throws IOException {
    Map<CaptureRun, CaptureConfig> configs = new LinkedHashMap<>();
    for (CaptureRun each : captures.get()) {
      if (!each.isEnded()) {
        configs.put(each, changed.on(each.device()));
      }
    }
    setup = changed;
    Set<HostPort> brokers = brokers();
    for (Map.Entry<CaptureRun, CaptureConfig> each : configs.entrySet()) {
      each.getKey().change(each.getValue(), brokers);
    }
  }
}
