package dev.ringtap.kafka.agent;

import dev.ringtap.record.PacketSchema;
import dev.ringtap.registry.RegistryException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import org.apache.avro.Schema;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;

/**
 * A run's way to Kafka: connected before the capture opens, or awaited while the ring holds the
 * frames. Thread-safe.
 */
final class KafkaLink {
  private static final System.Logger LOG = System.getLogger(CaptureAgent.class.getName());
  private static final long RETRY_MILLIS = 500;

  private final String clientId;
  private final AtomicLong lastAcknowledgedMillis = new AtomicLong();

  private volatile AgentConfig.KafkaTarget target;

  /** Published by {@link #connection}, as the next. */
  private OptionalInt schemaId = OptionalInt.empty();

  private OptionalInt flowSchemaId = OptionalInt.empty();

  /** Null until registry and broker have answered. */
  private volatile @Nullable Connection connection;

  /**
   * @param firstBrokers the addresses that Kafka named when it was asked for the topic
   */
  private record Connection(KafkaSink sink, Set<HostPort> firstBrokers) {}

  /** Why there is no connection yet, or null. */
  private volatile @Nullable String obstacle;

  private volatile boolean givenUp;

  /** The thread in {@link #await}. Guarded by this. */
  private @Nullable Thread waiting;

  /**
   * @param clientId of the producer, unless the settings have one
   */
  KafkaLink(AgentConfig.KafkaTarget target, String clientId) {
    this.target = target;
    this.clientId = clientId;
  }

  /** Registers the schema if that is asked for, creates the topic if missing, starts a producer. */
  KafkaSink connect() throws IOException {
    schemaId = target.hasPackets() ? register(target) : OptionalInt.empty();
    flowSchemaId = register(target.flows());
    Connection first = connect(target);
    connection = first;
    return first.sink();
  }

  private Connection connect(AgentConfig.KafkaTarget to) throws IOException {
    Set<HostPort> brokers = ensureTopics(to);
    return new Connection(KafkaSink.open(to, clientId, schemaId, lastAcknowledgedMillis), brokers);
  }

  /**
   * Sends by a new producer with these settings from now on. The old one brings to its end what it
   * has first: the order of frames stays, and none is lost.
   *
   * @param guard hands frames to the producer
   * @param noBlock held while no block is being handed over
   * @throws IOException if Kafka cannot be reached so; the old producer stays
   */
  void change(Properties settings, GuardedSink guard, Lock noBlock) throws IOException {
    AgentConfig.KafkaTarget changed = target.with(settings);
    Connection former = connection;
    if (former == null) {
      // the next attempt to connect has them
      target = changed;
      return;
    }
    Connection next = connect(changed);
    noBlock.lock();
    try {
      former.sink().finish();
      target = changed;
      connection = next;
      guard.open(next.sink());
    } finally {
      noBlock.unlock();
    }
  }

  private static OptionalInt register(AgentConfig.KafkaTarget target) throws IOException {
    if (target.schema() == null) {
      return OptionalInt.empty();
    }
    Schema schema =
        target.framesPerRecord() == 1 ? PacketSchema.published() : PacketSchema.publishedBatch();
    return OptionalInt.of(target.schema().register(schema));
  }

  private static OptionalInt register(AgentConfig.@Nullable FlowTarget flows) throws IOException {
    return flows == null || flows.schema() == null
        ? OptionalInt.empty()
        : OptionalInt.of(flows.schema().register(PacketSchema.publishedFlow()));
  }

  private static Set<HostPort> ensureTopics(AgentConfig.KafkaTarget target) throws IOException {
    Set<HostPort> brokers = Set.of();
    for (String each : target.topics()) {
      brokers = KafkaTopic.ensure(target.producerSettings(), each, target.partitions());
    }
    return brokers;
  }

  /** Connects, again and again if need be, until the sink is open, has failed or is given up. */
  void await(GuardedSink guard) {
    synchronized (this) {
      waiting = Thread.currentThread();
    }
    while (connection == null && guard.failure() == null) {
      try {
        if (givenUp) {
          throw new AgentException("Kafka was not there when the drain timeout was over", null);
        }
        guard.open(connect());
        LOG.log(
            Level.INFO,
            "Kafka answers, frames are sent topic={0} schemaId={1}",
            String.join(",", target.topics()),
            schemaId.isPresent() ? Integer.toString(schemaId.getAsInt()) : "");
      } catch (IOException e) {
        if (givenUp || !isTemporary(e)) {
          guard.fail(e);
        } else if (!AgentException.message(e).equals(obstacle)) {
          obstacle = AgentException.message(e);
          LOG.log(
              Level.WARNING, "waiting for Kafka, the ring holds the frames reason={0}", obstacle);
        }
        pause();
      } catch (RuntimeException | Error e) {
        guard.fail(e);
      }
    }
    obstacle = null;
    synchronized (this) {
      waiting = null;
      // that of giveUp
      Thread.interrupted();
      if (givenUp) {
        abandon();
      }
    }
  }

  private static boolean isTemporary(IOException e) {
    return e instanceof AgentException failed && failed.isTemporary()
        || e instanceof RegistryException registryException
            && registryException.reason() == RegistryException.Reason.UNREACHABLE;
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      // given up: the loop looks
    }
  }

  /** Stops waiting after the drain timeout: unacknowledged frames count as not delivered. */
  void giveUp() {
    synchronized (this) {
      givenUp = true;
      if (waiting != null) {
        waiting.interrupt();
        return;
      }
    }
    abandon();
  }

  /** Ends the producer at once, if there is one. */
  void abandon() {
    KafkaSink sink = sink();
    if (sink != null) {
      sink.abandon();
    }
  }

  /** Where frames go; null until registry and broker have answered. */
  @Nullable KafkaSink sink() {
    Connection current = connection;
    return current == null ? null : current.sink();
  }

  RecordKey key() {
    return target.key();
  }

  /** Whether the drain timeout was over before there was a connection. */
  boolean wasNeverThere() {
    return connection == null && givenUp;
  }

  /** Why there is no connection yet, or null. */
  @Nullable String obstacle() {
    return obstacle;
  }

  /** The schema's number in the registry, if one is used and has answered. */
  OptionalInt schemaId() {
    return connection == null ? OptionalInt.empty() : schemaId;
  }

  /** The number of the flows' schema, likewise. */
  OptionalInt flowSchemaId() {
    return connection == null ? OptionalInt.empty() : flowSchemaId;
  }

  /** Those of the settings, which the client goes back to, and those that Kafka named first. */
  Set<HostPort> knownBrokers() {
    Set<HostPort> brokers =
        HostPort.ofServers(
            target
                .producerSettings()
                .getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, ""));
    Connection current = connection;
    if (current != null) {
      brokers.addAll(current.firstBrokers());
    }
    return brokers;
  }
}
