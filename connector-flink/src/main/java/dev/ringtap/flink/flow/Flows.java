package dev.ringtap.flink.flow;

import dev.ringtap.flow.FlowLimits;
import dev.ringtap.record.Flow;
import dev.ringtap.record.Packet;
import java.time.Duration;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.util.OutputTag;

/**
 * Makes flows of packets: the records that {@code ringtap capture --flows} writes for the same
 * frames.
 *
 * <pre>{@code
 * DataStream<Flow> flows = Flows.of(packets);
 * }</pre>
 *
 * <p>Time is the packets', by the stream's watermarks: a stream without watermarks has its flows at
 * its end. Packets that are not in order, such as those of several readers of one file or of
 * several partitions, are put in order. A packet that comes after the watermark is counted too.
 *
 * <p>The state is Flink's: flows are exactly once, and rescale. Packets are keyed by capture, VLAN
 * and pair of addresses, so that fragments meet their datagram. The number of flows has no limit.
 */
public final class Flows {
  private Flows() {}

  /** Makes flows with the agent's time-outs, {@link FlowLimits#DEFAULT}. */
  public static SingleOutputStreamOperator<Flow> of(DataStream<Packet> packets) {
    return of(packets, FlowLimits.DEFAULT.idle(), FlowLimits.DEFAULT.active(), "ringtap-flows");
  }

  /**
   * Makes flows.
   *
   * @param idle a flow without a frame for so long ends; 1 ms to 1 day
   * @param active a flow that goes on for longer gives a record for each part of that length; from
   *     {@code idle} to 1 day
   * @param uid of the operator; that of the one before it begins with it. A job that makes flows
   *     twice has two
   * @throws IllegalArgumentException if one is out of range
   */
  public static SingleOutputStreamOperator<Flow> of(
      DataStream<Packet> packets, Duration idle, Duration active, String uid) {
    FlowLimits checked = new FlowLimits(1, idle, active);
    OutputTag<CaptureNews> news =
        new OutputTag<>("capture news", TypeInformation.of(CaptureNews.class));
    SingleOutputStreamOperator<FlowPacket> headers =
        packets
            .transform(
                "flow headers", TypeInformation.of(FlowPacket.class), new HeadersOperator(news))
            .uid(uid + "-headers");
    return headers
        .keyBy(FlowPacket::addressKey, Types.LONG)
        .connect(headers.getSideOutput(news).broadcast(FlowFunction.LOSSES))
        .process(new FlowFunction(checked.idle(), checked.active()), TypeInformation.of(Flow.class))
        .name("flows")
        .uid(uid);
  }
}
