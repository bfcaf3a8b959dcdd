package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.HostName;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.metrics.Gauge;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one member of a fanout group, a capture alone, or a capture file.
 *
 * <p>{@link #poll} is for one thread; {@link #stop} and {@link #commitRecord} may be called from
 * others, also meanwhile.
 */
public final class PacketSourceTask extends SourceTask {
  private static final Logger LOG = LoggerFactory.getLogger(PacketSourceTask.class);

  /** Connect looks at pauses and stops between polls. */
  private static final int POLL_MILLIS = 200;

  private static final String HOST = HostName.local();

  private final TaskLedger ledger = new TaskLedger();
  private final CountDownLatch stopped = new CountDownLatch(1);

  private volatile String name = "";
  private volatile @Nullable PacketReader reader;
  private boolean endLogged;

  /** Made by Connect. */
  public PacketSourceTask() {}

  @Override
  public String version() {
    return PacketSourceOptions.version();
  }

  /**
   * Asks the registry where one is set, and opens the capture: frames come in from now on.
   *
   * @throws ConnectException if it cannot, or may not on this host; the message says what to do
   */
  @Override
  public void start(Map<String, String> properties) {
    PacketSourceConfig config = new PacketSourceConfig(properties);
    name = config.connectorName() + "-" + config.taskNumber();
    if (!config.mayRunOn(HOST)) {
      throw new ConnectException(
          ("task %s may not run on host %s: option hosts names %s; start a worker there, and"
                  + " restart the task when Connect has moved it")
              .formatted(name, HOST, String.join(", ", config.getList(PacketSourceOptions.HOSTS))));
    }
    try {
      RecordMaker maker = config.recordMaker(schemaId(config));
      reader = config.isFile() ? file(config, maker) : live(config, maker);
    } catch (IOException e) {
      throw new ConnectException(AgentException.message(e), e);
    }
    addMetrics();
  }

  /** Shows the ledger among Connect's metrics. Without them the task works too. */
  private void addMetrics() {
    try {
      PluginMetrics metrics = context.pluginMetrics();
      for (TaskMetric metric : TaskMetric.values()) {
        metrics.addMetric(
            metrics.metricName(metric.id(), metric.description(), new LinkedHashMap<>()),
            (Gauge<Long>) (config, now) -> ledger.value(metric));
      }
    } catch (LinkageError e) {
      LOG.info("the counts of {} are only in the log; workers show them from Kafka 4.1 on", name);
    } catch (IllegalArgumentException e) {
      LOG.warn("the counts of {} are only in the log: {}", name, e.getMessage());
    }
  }

  private static OptionalInt schemaId(PacketSourceConfig config) throws IOException {
    Optional<SchemaTarget> target = config.schemaTarget();
    if (target.isEmpty()) {
      return OptionalInt.empty();
    }
    int id = target.get().register(dev.ringtap.record.PacketSchema.published());
    LOG.info(
        "values carry schema {} of subject {} at {}",
        id,
        target.get().subject(),
        target.get().registry());
    return OptionalInt.of(id);
  }

  private PacketReader live(PacketSourceConfig config, RecordMaker maker) throws IOException {
    CaptureInterface device =
        config.capture().build().inNamespace(() -> PacketCapture.require(config.interfaceName()));
    CaptureConfig capture = config.filteredCapture(device);
    PacketReader opened = new LiveReader(capture, maker, ledger);
    int group = capture.get(CaptureOption.FANOUT_GROUP);
    LOG.info(
        "capturing on {}, link type {}, {}",
        opened,
        device.linkTypeName(),
        group == 0 ? "alone" : "member " + capture.member() + " of fanout group " + group);
    if (config.getList(PacketSourceOptions.EXCLUDE_SERVERS).isEmpty() && !device.isLoopback()) {
      LOG.info(
          "if the worker reaches its brokers through {}, name them in exclude.servers: otherwise each"
              + " record makes further frames",
          device.name());
    }
    return opened;
  }

  private PacketReader file(PacketSourceConfig config, RecordMaker maker) throws IOException {
    Map<String, String> partition =
        Map.of(FilePosition.FILE, config.getString(PacketSourceOptions.FILE));
    config.openFile().close();
    FilePosition stored = FilePosition.of(context.offsetStorageReader().offset(partition));
    FilePosition position = stored.in(config.file());
    LOG.info("reading {} on host {} from frame {}", config.file(), HOST, position.frame());
    return new FileReader(
        config.file(), config.fileFilter(), config.hostName(), position, partition, maker, ledger);
  }

  /**
   * The records of one block, waiting 200 ms at most; null if there are none, or the interface is
   * missing.
   *
   * @throws ConnectException if the capture failed, or the file is damaged
   */
  @Override
  public @Nullable List<SourceRecord> poll() throws InterruptedException {
    if (stopped.getCount() == 0) {
      return null;
    }
    PacketReader open = started();
    if (open.isEnded()) {
      if (!endLogged) {
        endLogged = true;
        LOG.info("{} was read to its end; the task stays, idle: {}", open, ledger.summary());
      }
      stopped.await(POLL_MILLIS, TimeUnit.MILLISECONDS);
      return null;
    }
    try {
      List<SourceRecord> records = open.read(POLL_MILLIS);
      return records.isEmpty() ? null : records;
    } catch (IOException e) {
      throw new ConnectException(AgentException.message(e), e);
    } catch (IllegalStateException e) {
      if (stopped.getCount() == 0) {
        // closed under way
        return null;
      }
      throw e;
    }
  }

  /** Whether all was read. */
  boolean isEnded() {
    return started().isEnded();
  }

  private PacketReader started() {
    return Objects.requireNonNull(reader, "the task is not started");
  }

  /** Counts what became of a record; no metadata means that Connect let it go. */
  @Override
  public void commitRecord(SourceRecord record, @Nullable RecordMetadata metadata) {
    if (metadata == null) {
      ledger.skipped();
    } else {
      ledger.acknowledged();
    }
  }

  /** Ends the capture, logs where all frames went, and releases all resources. */
  @Override
  public void stop() {
    boolean first;
    synchronized (this) {
      first = stopped.getCount() == 1;
      stopped.countDown();
    }
    PacketReader open = reader;
    if (!first || open == null) {
      return;
    }
    open.wake();
    try {
      open.close();
    } catch (IOException e) {
      LOG.warn("closing {}: {}", open, e.getMessage());
    }
    LOG.info("{}, {}: {}", name, open, ledger.summary());
  }
}
