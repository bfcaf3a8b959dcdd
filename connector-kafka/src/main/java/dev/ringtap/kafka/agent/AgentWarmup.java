package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Warmup;
import dev.ringtap.flow.FlowLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Pumps made-up blocks as the agent will pump real ones, up to the producer. */
final class AgentWarmup {
  private static final int RECORD_BYTES = 16 << 10;

  /** Fewer flows than the blocks have, so that some end. */
  private static final FlowLimits FLOWS =
      new FlowLimits(500, FlowLimits.DEFAULT.idle(), FlowLimits.DEFAULT.active());

  private AgentWarmup() {}

  /**
   * Runs for this long.
   *
   * @param target where records will go, or null
   * @return frames of the records that were made
   */
  static long run(Duration time, AgentConfig.@Nullable KafkaTarget target) {
    Delivery delivery = new Delivery("warm-up");
    try (Warmup source = new Warmup(time)) {
      new PacketPump(source, List.of(delivery.failures()), new FrameQuota(0), new ReentrantLock())
          .run(writers(target, delivery));
      return delivery.framesAcknowledged();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot warm up", e);
    }
  }

  /**
   * Three of each, whose senders are of three classes. The JIT compiler inlines senders of one or
   * two classes; when the producer's came as another one, the code would be compiled again, and the
   * first real blocks would run interpreted meanwhile.
   */
  private static List<FrameSink.FrameWriter> writers(
      AgentConfig.@Nullable KafkaTarget target, Delivery delivery) {
    RecordSender first = (record, frames) -> delivery.acknowledged(frames, record.value().length);
    RecordSender second = (record, frames) -> first.send(record, frames);
    RecordSender third = (record, frames) -> second.send(record, frames);
    List<FrameSink.FrameWriter> writers = new ArrayList<>();
    for (RecordSender sender : List.of(first, second, third)) {
      if (target != null && target.hasPackets()) {
        RecordLimits limits = new RecordLimits(target.framesPerRecord(), RECORD_BYTES);
        writers.add(
            KafkaSink.writer(target, OptionalInt.empty(), limits, target.partitions(), sender));
      }
      if (target != null && target.flows() != null) {
        writers.add(
            new FlowSink.FlowWriter(
                target.flows().topic(),
                target.key(),
                OptionalInt.empty(),
                FLOWS,
                delivery,
                sender));
      }
    }
    return writers;
  }
}
