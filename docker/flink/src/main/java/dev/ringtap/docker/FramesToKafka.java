package dev.ringtap.docker;

import dev.ringtap.flink.source.AvroBytesDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.flink.source.PacketSourceBuilder;
import java.nio.file.Path;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ParameterTool;

/**
 * A DataStream job: the frames of an interface, or of a capture file, into a topic, each value as
 * the agent writes it. For consumers with {@code isolation.level=read_committed} a file's frames
 * are there exactly once.
 *
 * <pre>
 * --interface eth0 | --file trace.pcap  --brokers HOST:PORT --topic TOPIC [--filter EXPRESSION] [--rate FRAMES]
 * </pre>
 *
 * The rate is in frames a second, for each subtask.
 */
public final class FramesToKafka {
  /** What such consumers wait for. */
  private static final int CHECKPOINT_MILLIS = 1000;

  /** Flink would ask for an hour, brokers allow a quarter of it. */
  private static final String TRANSACTION_MILLIS = "600000";

  private FramesToKafka() {}

  /** Submits the job. */
  public static void main(String[] arguments) throws Exception {
    ParameterTool options = ParameterTool.fromArgs(arguments);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.enableCheckpointing(CHECKPOINT_MILLIS);
    env.fromSource(source(options), WatermarkStrategy.noWatermarks(), "frames")
        .map(new Pace(options.getDouble("rate", Double.POSITIVE_INFINITY)))
        .sinkTo(sink(options))
        .name("topic " + options.getRequired("topic"));
    env.execute("frames to Kafka");
  }

  private static PacketSource<byte[]> source(ParameterTool options) {
    PacketSourceBuilder<byte[]> source =
        PacketSource.<byte[]>builder().deserializer(new AvroBytesDeserializer());
    if (options.has("file")) {
      source.files(Path.of(options.get("file")));
    } else {
      source.interfaceName(options.getRequired("interface"));
    }
    if (options.has("filter")) {
      source.filter(options.get("filter"));
    }
    return source.build();
  }

  private static KafkaSink<byte[]> sink(ParameterTool options) {
    return KafkaSink.<byte[]>builder()
        .setBootstrapServers(options.getRequired("brokers"))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix("frames-" + options.getRequired("topic"))
        .setProperty("transaction.timeout.ms", TRANSACTION_MILLIS)
        .setRecordSerializer(
            KafkaRecordSerializationSchema.<byte[]>builder()
                .setTopic(options.getRequired("topic"))
                .setValueSerializationSchema(new AsTheyAre())
                .build())
        .build();
  }

  /** A lambda would not tell Flink its types. */
  private static final class AsTheyAre implements SerializationSchema<byte[]> {
    private static final long serialVersionUID = 1;

    @Override
    public byte[] serialize(byte[] element) {
      return element;
    }
  }
}
