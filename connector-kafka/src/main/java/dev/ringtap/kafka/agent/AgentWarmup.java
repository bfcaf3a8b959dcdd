package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.Warmup;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.FlowEncoder;
import dev.ringtap.record.PacketBatchEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/** Does with made-up blocks what the agent will do with real ones, up to the producer. */
final class AgentWarmup {
  private static final int RECORD_BYTES = 16 << 10;

  /** Fewer than the warm-up has, so that flows end. */
  private static final int WARMUP_FLOWS = 1000;

  private AgentWarmup() {}

  /**
   * Runs for this long.
   *
   * @param target where records will go, or null
   * @return bytes encoded, so that the work has a use
   */
  static long run(Duration time, AgentConfig.KafkaTarget target) {
    LongAdder bytes = new LongAdder();
    FrameSink.FrameWriter writer = writer(target, bytes);
    Warmup.run(time, block -> accept(block, writer, bytes));
    return bytes.sum();
  }

  private static void accept(Block block, FrameSink.FrameWriter writer, LongAdder bytes) {
    try {
      block.rewind(count(block, bytes));
      writer.accept(block);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen: nothing is sent", e);
    }
  }

  /** What {@link PacketPump} does first. */
  private static int count(Block block, LongAdder bytes) {
    int frames = 0;
    long length = 0;
    Frame frame;
    while ((frame = block.next()) != null) {
      length += frame.payloadLength() + frame.lostBefore();
      frames++;
    }
    bytes.add(length);
    return frames;
  }

  /** What {@link KafkaSink#writer} does before it sends. */
  private static FrameSink.FrameWriter writer(AgentConfig.KafkaTarget target, LongAdder bytes) {
    if (target == null || target.flows() == null) {
      return packetWriter(target, bytes);
    }
    FlowEncoder encoder = FlowEncoder.singleObject();
    FlowLimits limits =
        new FlowLimits(WARMUP_FLOWS, FlowLimits.DEFAULT.idle(), FlowLimits.DEFAULT.active());
    FlowTable table = new FlowTable(limits, flow -> bytes.add(encoder.encode(flow).length));
    FrameSink.FrameWriter packets = target.hasPackets() ? packetWriter(target, bytes) : null;
    return block -> {
      if (packets != null) {
        int frames = block.frameCount();
        packets.accept(block);
        block.rewind(frames);
      }
      Frame frame;
      while ((frame = block.next()) != null) {
        table.collect(frame);
      }
      table.settle();
    };
  }

  private static FrameSink.FrameWriter packetWriter(
      AgentConfig.KafkaTarget target, LongAdder bytes) {
    RecordKey key = target == null ? RecordKey.NONE : target.key();
    if (target != null && target.framesPerRecord() > 1) {
      return new RecordBatcher(
          key,
          target.partitions(),
          new RecordLimits(target.framesPerRecord(), RECORD_BYTES),
          PacketBatchEncoder::singleObject,
          record -> bytes.add(record.finish("warmup").value().length));
    }
    BlockEncoder encoder = BlockEncoder.singleObject();
    RecordKey.OfRecords keys = key.ofRecords();
    return block -> {
      int records;
      while ((records = encoder.encode(block)) > 0) {
        for (int i = 0; i < records; i++) {
          byte[] keyBytes = keys.of(encoder, i);
          byte[] value = Arrays.copyOfRange(encoder.bytes(), encoder.start(i), encoder.end(i));
          bytes.add(value.length + (keyBytes == null ? 0 : keyBytes.length));
        }
      }
    };
  }
}
