package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.agent.CaptureAgent;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.ProducerConfig;
import picocli.CommandLine.ParameterException;

/**
 * Reads the configuration again and changes what can change without losing a frame: filter, snap
 * length, log level, Kafka's producer settings. What else has changed stays, and is named.
 */
final class Reload {
  private static final System.Logger LOG = System.getLogger(Reload.class.getName());

  private static final Set<String> FILTER = Set.of("filter", "bpf", "snap-length");

  private static final Set<String> PRODUCER =
      Set.of("bootstrap-server", "producer-config", "producer-property");

  private static final String LOG_LEVEL = "log-level";

  /** Reads what the command line, the environment and the configuration file say by now. */
  interface Source {
    CaptureArguments read() throws IOException;
  }

  private final CaptureAgent agent;
  private final Source source;
  private final AtomicBoolean requested = new AtomicBoolean();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("reload").daemon().factory());

  /** A replay keeps its filter. */
  private final boolean live;

  private volatile String filterText;

  /** What is in force, by option. */
  private final Map<String, Object> values;

  private Properties producerSettings;

  /**
   * @param producerSettings those in force; empty without Kafka
   */
  Reload(CaptureAgent agent, CaptureArguments inForce, Properties producerSettings, Source source)
      throws IOException {
    this.agent = agent;
    this.source = source;
    this.live = inForce.replay == null;
    this.filterText = inForce.filterText();
    this.values = inForce.values();
    this.producerSettings = (Properties) producerSettings.clone();
  }

  /** The filter in force, in words. */
  String filterText() {
    return filterText;
  }

  /** Soon, and once for all requests that have not begun yet. */
  void request() {
    if (requested.compareAndSet(false, true)) {
      thread.execute(
          () -> {
            requested.set(false);
            reload();
          });
    }
  }

  private void reload() {
    Set<String> changed = new TreeSet<>();
    try {
      CaptureArguments read = source.read();
      List<String> problems = read.problems();
      if (!problems.isEmpty()) {
        throw read.usage(String.join("; ", problems));
      }
      change(read, changed);
    } catch (IOException | ParameterException e) {
      LOG.log(
          Level.WARNING,
          "the configuration is wrong, and the rest of it stays as it was changed={0} reason={1}",
          String.join(",", changed),
          AgentException.message(e));
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, "the configuration stays as it was reason=" + e, e);
    }
  }

  /** Adds to {@code changed} what is changed, also if it throws. */
  private void change(CaptureArguments read, Set<String> changed) throws IOException {
    Map<String, Object> now = read.values();
    Set<String> differs = new TreeSet<>(now.keySet());
    differs.removeIf(option -> Objects.equals(now.get(option), values.get(option)));
    if (differs.contains(LOG_LEVEL)) {
      read.logLevel.use();
      keep(LOG_LEVEL, now, changed);
    }
    if (live && differs.stream().anyMatch(FILTER::contains)) {
      agent.change(read.setup());
      filterText = read.filterText();
      FILTER.stream().filter(differs::contains).forEach(each -> keep(each, now, changed));
    }
    Properties settings = settings(read);
    if (!settings.equals(producerSettings)) {
      agent.change(settings);
      producerSettings = settings;
      PRODUCER.forEach(each -> values.put(each, now.get(each)));
      // a file that is the same by name may say something else
      List<String> named = PRODUCER.stream().filter(differs::contains).toList();
      changed.addAll(named.isEmpty() ? List.of("producer-config") : named);
    }
    differs.removeAll(changed);
    differs.removeAll(PRODUCER);
    LOG.log(Level.INFO, "configuration was read again changed={0}", String.join(",", changed));
    if (!differs.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "start again to change the other options options={0}",
          String.join(",", differs));
    }
  }

  private void keep(String option, Map<String, Object> now, Set<String> changed) {
    values.put(option, now.get(option));
    changed.add(option);
  }

  /** Kafka's settings; an embedded broker's address stays. Empty without Kafka. */
  private Properties settings(CaptureArguments read) throws IOException {
    Properties settings = new Properties();
    if (!producerSettings.isEmpty()) {
      settings.putAll(read.producerSettings());
      settings.putIfAbsent(
          ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
          producerSettings.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG));
    }
    return settings;
  }
}
