package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.kafka.registry.SchemaTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;

/**
 * What a run does.
 *
 * @param capture the live capture, or null where a file is replayed
 * @param workers threads that capture, each with a ring of its own: the members of a fanout group
 * @param waits whether a live capture waits for what is missing: its interface, the registry, a
 *     broker; otherwise it does not start
 * @param replay the capture file to replay, or null
 * @param kafka the topic to send to, or null where frames only go to a file
 * @param count frames after which the run ends, 0 for no end
 * @param writeTo the pcapng file to write, or null
 * @param drainTimeout how long a stop waits for Kafka before it counts frames as not delivered
 */
public record AgentConfig(
    CaptureConfig capture,
    int workers,
    boolean waits,
    Replay replay,
    KafkaTarget kafka,
    long count,
    Path writeTo,
    Duration drainTimeout) {
  /**
   * A capture file to replay.
   *
   * @param file the file; {@code -} is standard input
   * @param filter which of its frames are replayed, or null for all
   * @param host the host of all frames, or null for what the file says
   */
  public record Replay(Path file, FrameFilter filter, String host) {}

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
   */
  public record KafkaTarget(
      String topic,
      int partitions,
      RecordKey key,
      int framesPerRecord,
      Properties producerSettings,
      boolean includeOwnTraffic,
      SchemaTarget schema) {
    /** As many frames as there is room for. */
    public static final int ANY_NUMBER = Integer.MAX_VALUE;

    /** A target whose values are of one frame each, in Avro's single-object encoding. */
    public KafkaTarget(
        String topic,
        int partitions,
        RecordKey key,
        Properties producerSettings,
        boolean includeOwnTraffic) {
      this(topic, partitions, key, 1, producerSettings, includeOwnTraffic, null);
    }

    /** Without the settings, which may hold passwords. */
    @Override
    public String toString() {
      return "KafkaTarget[topic=%s, brokers=%s]"
          .formatted(
              topic, producerSettings.getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG));
    }
  }
}
