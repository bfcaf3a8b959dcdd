package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.FlowEncoder;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Gathers the frames of each member into flows, and sends these when they end. */
final class FlowSink implements FrameSink {
  private final KafkaLink kafka;
  private final AgentConfig.KafkaTarget target;

  /**
   * @param kafka connected; a producer that takes the place of another sends what ends from then on
   */
  FlowSink(KafkaLink kafka, AgentConfig.KafkaTarget target) {
    this.kafka = kafka;
    this.target = target;
  }

  /**
   * Makes sure that the tables have room in half of the heap.
   *
   * @param workers members of a capture, each of which has a table
   * @throws AgentException if they have not; the message says what to do
   */
  static void requireHeap(FlowLimits limits, int workers) throws AgentException {
    long heap = Runtime.getRuntime().maxMemory();
    long needed = limits.memoryBytes() * workers;
    if (needed > heap / 2) {
      throw new AgentException(
          "%d flows for each of %d workers take %d MiB, more than half of the heap of %d; lower --flow-table, or give the JVM a larger heap: RINGTAP_JAVA_OPTS=-Xmx%dm"
              .formatted(
                  limits.capacity(), workers, needed >> 20, heap >> 20, (needed >> 20) * 2 + 1),
          null);
    }
  }

  @Override
  public FrameWriter writer(Delivery delivery) {
    return new FlowWriter(delivery);
  }

  private final class FlowWriter implements FrameWriter {
    private final Delivery delivery;
    private final FlowEncoder encoder =
        kafka.flowSchemaId().isEmpty()
            ? FlowEncoder.singleObject()
            : FlowEncoder.registry(kafka.flowSchemaId().getAsInt());
    private final FlowTable table = new FlowTable(target.flows().limits(), this::send);
    private long withoutFlow;
    private long open;

    /** The last frame's time, and when it was taken. */
    private long frameNanos;

    private long takenNanos;

    FlowWriter(Delivery delivery) {
      this.delivery = delivery;
    }

    @Override
    public void accept(Block block) {
      Frame frame;
      while ((frame = block.next()) != null) {
        table.collect(frame);
        frameNanos = frame.timestampNanos();
      }
      table.settle();
      takenNanos = System.nanoTime();
      count();
    }

    private void count() {
      delivery.withoutFlow(table.framesWithoutFlow() - withoutFlow);
      withoutFlow = table.framesWithoutFlow();
      delivery.open(table.openFrames() - open);
      open = table.openFrames();
    }

    /** The frames' clock may be another than the system's: only what has passed counts. */
    @Override
    public void idle() {
      if (takenNanos != 0) {
        table.advance(frameNanos + System.nanoTime() - takenNanos);
        count();
      }
    }

    @Override
    public void end() {
      table.endAll();
      count();
    }

    private void send(Biflow flow) {
      kafka
          .sink()
          .send(
              new ProducerRecord<>(
                  target.flows().topic(),
                  null,
                  TimeUnit.NANOSECONDS.toMillis(flow.endNanos()),
                  target.key().of(flow),
                  encoder.encode(flow)),
              Math.toIntExact(flow.packets()),
              delivery);
    }
  }

  @Override
  public void flush() {
    kafka.sink().flush();
  }

  @Override
  public void finish() {
    kafka.sink().finish();
  }

  @Override
  public void abandon() {
    kafka.abandon();
  }
}
