package dev.ringtap.flink.example;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.packet.PacketHeaders;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Conversations that were not seen in the last hour, as they begin: keyed state with a lifetime.
 */
public final class NewFlows {
  private NewFlows() {}

  /** Who talks to whom, over what. */
  private static final class Flow implements PacketDeserializer<String> {
    private static final long serialVersionUID = 1;

    private transient PacketHeaders headers;

    @Override
    public void open() {
      headers = new PacketHeaders();
    }

    @Override
    public String deserialize(Frame frame) {
      headers.parse(frame);
      return headers.dstPort() < 0
          ? null
          : headers.ipSrc()
              + " to "
              + headers.ipDst()
              + " port "
              + headers.dstPort()
              + " protocol "
              + headers.ipProtocol();
    }

    @Override
    public TypeInformation<String> getProducedType() {
      return Types.STRING;
    }
  }

  /** Lets a flow through the first time. */
  private static final class FirstTime extends KeyedProcessFunction<String, String, String> {
    private static final long serialVersionUID = 1;

    private transient ValueState<Boolean> seen;

    @Override
    public void open(OpenContext context) {
      ValueStateDescriptor<Boolean> state = new ValueStateDescriptor<>("seen", Types.BOOLEAN);
      state.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofHours(1)).build());
      seen = getRuntimeContext().getState(state);
    }

    @Override
    public void processElement(String flow, Context context, Collector<String> out)
        throws Exception {
      if (seen.value() == null) {
        out.collect("new: " + flow);
      }
      seen.update(true);
    }
  }

  /** An interface and seconds; nothing for made-up traffic. */
  public static void main(String[] arguments) throws Exception {
    try (ExampleTraffic traffic = ExampleTraffic.start(arguments)) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      PacketSource<String> source =
          PacketSource.<String>builder()
              .capture(traffic.capture())
              .duration(traffic.duration())
              .deserializer(new Flow())
              .build();
      env.fromSource(source, WatermarkStrategy.noWatermarks(), "packets")
          .keyBy(flow -> flow)
          .process(new FirstTime())
          .print()
          .setParallelism(1);
      env.execute("new flows");
    }
  }
}
