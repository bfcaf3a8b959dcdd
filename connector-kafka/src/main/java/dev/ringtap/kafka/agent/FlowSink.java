package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.FlowEncoder;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Gathers the frames of each member into flows, and sends these when they end. */
final class FlowSink implements FrameSink {
  private final KafkaLink kafka;
  private final RecordKey key;
  private final AgentConfig.FlowTarget target;

  /**
   * @param kafka connected; a producer that takes the place of another sends what ends from then on
   */
  FlowSink(KafkaLink kafka, RecordKey key, AgentConfig.FlowTarget target) {
    this.kafka = kafka;
    this.key = key;
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
    return new FlowWriter(
        target.topic(),
        key,
        kafka.flowSchemaId(),
        target.limits(),
        delivery,
        (record, frames) -> sink().send(record, frames, delivery));
  }

  private KafkaSink sink() {
    return Objects.requireNonNull(kafka.sink(), "not connected");
  }

  /** Makes flow records of frames. */
  static final class FlowWriter implements FrameWriter {
    private final String topic;
    private final RecordKey key;
    private final Delivery delivery;
    private final RecordSender sender;
    private final FlowEncoder encoder;
    private final FlowTable table;
    private long withoutFlow;
    private long open;

    /** The last frame's time, and when it was taken. */
    private long frameNanos;

    private long takenNanos;

    FlowWriter(
        String topic,
        RecordKey key,
        OptionalInt schemaId,
        FlowLimits limits,
        Delivery delivery,
        RecordSender sender) {
      this.topic = topic;
      this.key = key;
      this.delivery = delivery;
      this.sender = sender;
      encoder =
          schemaId.isEmpty()
              ? FlowEncoder.singleObject()
              : FlowEncoder.registry(schemaId.getAsInt());
      table = new FlowTable(limits, this::send);
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
      long millis = TimeUnit.NANOSECONDS.toMillis(flow.endNanos());
      byte[] value = encoder.encode(flow);
      sender.send(
          new ProducerRecord<>(topic, null, millis, key.of(flow), value),
          Math.toIntExact(flow.packets()));
    }
  }

  @Override
  public void flush() {
    sink().flush();
  }

  @Override
  public void finish() {
    sink().finish();
  }

  @Override
  public void abandon() {
    kafka.abandon();
  }
}
