package dev.ringtap.docker;

import dev.ringtap.flink.source.PacketDeserializationSchema;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.Packet;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.util.Collector;
import org.apache.flink.util.ParameterTool;

/**
 * A DataStream job: who sent to whom, every five seconds, from the packets of a topic. It prints.
 *
 * <pre>--brokers HOST:PORT --topic TOPIC</pre>
 */
public final class TopicFlows {
  private static final Duration WINDOW = Duration.ofSeconds(5);

  private TopicFlows() {}

  /** Sender and receiver, frames, bytes on the wire. */
  private static final class Flows
      extends RichFlatMapFunction<Packet, Tuple3<String, Integer, Long>> {
    private static final long serialVersionUID = 1;

    private transient PacketHeaders headers;

    @Override
    public void open(OpenContext context) {
      headers = new PacketHeaders();
    }

    @Override
    public void flatMap(Packet packet, Collector<Tuple3<String, Integer, Long>> out) {
      ByteBuffer payload = packet.getPayload();
      headers.parse(MemorySegment.ofBuffer(payload), 0, payload.remaining(), packet.getLinkType());
      if (headers.ipSrc() != null) {
        String flow =
            "%s:%d > %s:%d"
                .formatted(headers.ipSrc(), headers.srcPort(), headers.ipDst(), headers.dstPort());
        out.collect(Tuple3.of(flow, 1, (long) packet.getOriginalLength()));
      }
    }
  }

  /** Submits the job. */
  public static void main(String[] arguments) throws Exception {
    ParameterTool options = ParameterTool.fromArgs(arguments);
    KafkaSource<Packet> topic =
        KafkaSource.<Packet>builder()
            .setBootstrapServers(options.getRequired("brokers"))
            .setTopics(options.getRequired("topic"))
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setValueOnlyDeserializer(new PacketDeserializationSchema())
            .build();
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.fromSource(
            topic,
            WatermarkStrategy.<Packet>forBoundedOutOfOrderness(Duration.ofSeconds(1))
                .withTimestampAssigner((packet, kafka) -> packet.getTimestamp().toEpochMilli())
                .withIdleness(WINDOW),
            "packets")
        .flatMap(new Flows())
        .keyBy(flow -> flow.f0)
        .window(TumblingEventTimeWindows.of(WINDOW))
        .reduce((a, b) -> Tuple3.of(a.f0, a.f1 + b.f1, a.f2 + b.f2))
        .map(flow -> "%s: %d frames, %d bytes".formatted(flow.f0, flow.f1, flow.f2))
        .print();
    env.execute("flows of a topic");
  }
}
