package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.registry.SchemaTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;

/**
 * What a run does.
 *
 * @param input where frames come from
 * @param kafka the topic to send to, or null where frames only go to a file
 * @param count frames after which the run ends, 0 for no end
 * @param writeTo the pcapng file to write, or null
 * @param drainTimeout how long a stop waits for Kafka before it counts frames as not delivered
 */
public record AgentConfig(
    Input input,
    @Nullable KafkaTarget kafka,
    long count,
    @Nullable Path writeTo,
    Duration drainTimeout) {
  /** Where frames come from. */
  public sealed interface Input {}

  /**
   * Live captures.
   *
   * @param interfaces the interfaces, each of which is a capture of its own
   * @param setup how they are captured
   * @param workers threads that capture each of them, each with a ring of its own: the members of a
   *     fanout group
   * @param waits whether the run waits for what is missing: an interface, the registry, a broker;
   *     otherwise it does not start
   */
  public record Live(InterfaceSelection interfaces, CaptureSetup setup, int workers, boolean waits)
      implements Input {
    /** One interface, with the filter of its configuration. */
    public static Live on(CaptureConfig capture) {
      return on(capture, 1, false);
    }

    /** As {@link #on(CaptureConfig)}, with several workers, or waiting. */
    public static Live on(CaptureConfig capture, int workers, boolean waits) {
      return new Live(
          InterfaceSelection.of(capture.interfaceName()),
          new CaptureSetup(capture, device -> capture.kernelProgram()),
          workers,
          waits);
    }
  }

  /**
   * A capture file to replay.
   *
   * @param file the file; {@code -} is standard input
   * @param filter which of its frames are replayed, or null for all
   * @param host the host of all frames, or null for what the file says
   */
  public record Replay(Path file, @Nullable FrameFilter filter, @Nullable String host)
      implements Input {}

  /**
   * Where records go.
   *
   * @param topic its name
   * @param partitions of the topic if it is created
   * @param key what a record's key is
   * @param framesPerRecord most frames of a record: 1 for {@code Packet} records, more for {@code
   *     PacketBatch}; {@link #ANY_NUMBER} for all that a block of the ring has, up to a size
   * @param producerSettings Kafka's own, {@code bootstrap.servers} among them
   * @param includeOwnTraffic whether frames from and to the brokers are captured too
   * @param schema where the schema is registered, or null for Avro's single-object encoding, which
   *     needs no registry
   * @param flows where flow records go, or null for none
   */
  public record KafkaTarget(
      String topic,
      int partitions,
      RecordKey key,
      int framesPerRecord,
      Properties producerSettings,
      boolean includeOwnTraffic,
      @Nullable SchemaTarget schema,
      @Nullable FlowTarget flows) {
    /** As many frames as there is room for. */
    public static final int ANY_NUMBER = Integer.MAX_VALUE;

    /** A target whose values are of one frame each, in Avro's single-object encoding. */
    public KafkaTarget(
        String topic,
        int partitions,
        RecordKey key,
        Properties producerSettings,
        boolean includeOwnTraffic) {
      this(topic, partitions, key, 1, producerSettings, includeOwnTraffic, null, null);
    }

    /** Whether packets are sent: flows may be sent alone. */
    public boolean hasPackets() {
      return flows == null || !flows.alone();
    }

    /** The topics that records go to. */
    public List<String> topics() {
      return flows == null
          ? List.of(topic)
          : flows.alone() ? List.of(flows.topic()) : List.of(topic, flows.topic());
    }

    /** The same target with other settings. */
    KafkaTarget with(Properties settings) {
      return new KafkaTarget(
          topic, partitions, key, framesPerRecord, settings, includeOwnTraffic, schema, flows);
    }

    /** Without the settings, which may hold passwords. */
    @Override
    public String toString() {
      return "KafkaTarget[topic=%s, brokers=%s]"
          .formatted(
              topics(), producerSettings.getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG));
    }
  }

  /**
   * Where flow records go, by the same producer.
   *
   * @param topic its name
   * @param limits of the table that each member has
   * @param alone whether no packets are sent
   * @param schema where the schema is registered, or null for Avro's single-object encoding
   */
  public record FlowTarget(
      String topic, FlowLimits limits, boolean alone, @Nullable SchemaTarget schema) {}
}
