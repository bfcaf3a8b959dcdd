package dev.ringtap.flink.example;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.packet.PacketHeaders;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The host that sends most on each VLAN, every five seconds. */
public final class TopTalkers {
  private static final Duration WINDOW = Duration.ofSeconds(5);

  private TopTalkers() {}

  /** VLAN id (0 where there is none), sender, bytes. */
  private static final class Talk implements PacketDeserializer<Tuple3<Integer, String, Long>> {
    private static final long serialVersionUID = 1;

    private transient PacketHeaders headers;

    @Override
    public void open() {
      headers = new PacketHeaders();
    }

    @Override
    public Tuple3<Integer, String, Long> deserialize(Frame frame) {
      String sender = headers.parse(frame).ipSrc();
      return sender == null
          ? null
          : Tuple3.of(frame.vlanTag() & 0xFFF, sender, (long) frame.originalLength());
    }

    @Override
    public TypeInformation<Tuple3<Integer, String, Long>> getProducedType() {
      return Types.TUPLE(Types.INT, Types.STRING, Types.LONG);
    }
  }

  /** The one with most bytes. */
  private static final class Loudest
      extends ProcessWindowFunction<Tuple3<Integer, String, Long>, String, Integer, TimeWindow> {
    private static final long serialVersionUID = 1;

    @Override
    public void process(
        Integer vlan,
        Context context,
        Iterable<Tuple3<Integer, String, Long>> talkers,
        Collector<String> out) {
      Tuple2<String, Long> most = Tuple2.of("", 0L);
      for (Tuple3<Integer, String, Long> each : talkers) {
        if (each.f2 > most.f1) {
          most = Tuple2.of(each.f1, each.f2);
        }
      }
      out.collect("VLAN " + vlan + ": " + most.f0 + " sent " + most.f1 + " bytes");
    }
  }

  /** An interface and seconds; nothing for made-up traffic. */
  public static void main(String[] arguments) throws Exception {
    try (ExampleTraffic traffic = ExampleTraffic.start(arguments)) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      PacketSource<Tuple3<Integer, String, Long>> source =
          PacketSource.<Tuple3<Integer, String, Long>>builder()
              .capture(traffic.capture())
              .duration(traffic.duration())
              .sourceWatermarks()
              .deserializer(new Talk())
              .build();
      env.fromSource(source, WatermarkStrategy.noWatermarks(), "packets")
          .keyBy(talk -> Tuple2.of(talk.f0, talk.f1), Types.TUPLE(Types.INT, Types.STRING))
          .window(TumblingEventTimeWindows.of(WINDOW))
          .reduce((a, b) -> Tuple3.of(a.f0, a.f1, a.f2 + b.f2))
          .keyBy(talk -> talk.f0)
          .window(TumblingEventTimeWindows.of(WINDOW))
          .process(new Loudest())
          .print()
          .setParallelism(1);
      env.execute("top talkers");
    }
  }
}
