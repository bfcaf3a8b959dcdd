package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.kafka.registry.RegistryException;
import dev.ringtap.record.PacketSchema;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.kafka.clients.CommonClientConfigs;

/**
 * A run's way to Kafka: connected before the capture opens, or awaited while the ring holds the
 * frames. Thread-safe.
 */
final class KafkaLink {
  private static final System.Logger LOG = System.getLogger(CaptureAgent.class.getName());
  private static final long RETRY_MILLIS = 500;

  private final AgentConfig config;
  private final DeliveryFailures failures;

  /** The broker addresses that Kafka named first. Published by the sink, as the schema's number. */
  private Set<HostPort> firstBrokers = Set.of();

  private OptionalInt schemaId = OptionalInt.empty();

  /** Null until registry and broker have answered. */
  private volatile KafkaSink sink;

  /** Why there is no connection yet, or null. */
  private volatile String obstacle;

  private volatile boolean givenUp;

  /** The thread in {@link #await}. Guarded by this. */
  private Thread waiting;

  KafkaLink(AgentConfig config, DeliveryFailures failures) {
    this.config = config;
    this.failures = failures;
  }

  /** Registers the schema if that is asked for, creates the topic if missing, starts a producer. */
  void connect() throws IOException {
    AgentConfig.KafkaTarget target = config.kafka();
    schemaId = register(target);
    firstBrokers =
        KafkaTopic.ensure(target.producerSettings(), target.topic(), target.partitions());
    sink = KafkaSink.open(target, clientId(config), schemaId, failures);
  }

  private static OptionalInt register(AgentConfig.KafkaTarget target) throws IOException {
    if (target.schema() == null) {
      return OptionalInt.empty();
    }
    Schema schema =
        target.framesPerRecord() == 1 ? PacketSchema.published() : PacketSchema.publishedBatch();
    return OptionalInt.of(target.schema().register(schema));
  }

  /** Tells the agents of many hosts apart in the brokers' metrics, quotas and logs. */
  private static String clientId(AgentConfig config) {
    CaptureConfig capture = config.capture();
    return capture == null
        ? "ringtap-replay"
        : "ringtap-" + capture.hostName() + "-" + capture.interfaceName();
  }

  /** Connects, again and again if need be, until the sink is open, has failed or is given up. */
  void await(GuardedSink guard) {
    synchronized (this) {
      waiting = Thread.currentThread();
    }
    while (sink == null && guard.failure() == null) {
      try {
        if (givenUp) {
          throw new AgentException("Kafka was not there when the drain timeout was over", null);
        }
        connect();
        guard.open(sink);
        LOG.log(
            Level.INFO,
            "Kafka answers, frames are sent topic={0} schemaId={1}",
            config.kafka().topic(),
            schemaId.isPresent() ? Integer.toString(schemaId.getAsInt()) : "");
      } catch (IOException e) {
        if (givenUp || !isTemporary(e)) {
          guard.fail(e);
        } else if (!e.getMessage().equals(obstacle)) {
          obstacle = e.getMessage();
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
        || e instanceof RegistryException
            && ((RegistryException) e).reason() == RegistryException.Reason.UNREACHABLE;
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
    if (sink != null) {
      sink.abandon();
    }
  }

  /** Where frames go; null until registry and broker have answered. */
  KafkaSink sink() {
    return sink;
  }

  /** Whether the drain timeout was over before there was a connection. */
  boolean wasNeverThere() {
    return sink == null && givenUp;
  }

  /** Why there is no connection yet, or null. */
  String obstacle() {
    return obstacle;
  }

  /** The schema's number in the registry, if one is used and has answered. */
  OptionalInt schemaId() {
    return sink == null ? OptionalInt.empty() : schemaId;
  }

  /** Those of the settings, which the client goes back to, and those that Kafka named first. */
  Set<HostPort> knownBrokers() {
    Set<HostPort> brokers =
        HostPort.ofServers(
            config
                .kafka()
                .producerSettings()
                .getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, ""));
    if (sink != null) {
      brokers.addAll(firstBrokers);
    }
    return brokers;
  }
}
