package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.flow.Biflow;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.BlockEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the Kafka record's key is, and with it the partition of a frame. */
public enum RecordKey {
  /**
   * Eight bytes, equal for both directions of a conversation: it stays in order on one partition.
   */
  FLOW,
  /** Host and interface: all frames of an interface stay in order on one partition. */
  INTERFACE,
  /** No key: Kafka spreads batches over the partitions. */
  NONE;

  /** What gives the key of a frame's record, or null. For one thread. */
  public Function<Frame, byte @Nullable []> ofFrames() {
    return switch (this) {
      case FLOW -> {
        PacketHeaders headers = new PacketHeaders();
        yield frame -> ofFlow(FlowKey.of(headers.parse(frame)));
      }
      case INTERFACE -> {
        InterfaceKeys keys = new InterfaceKeys();
        yield frame -> keys.of(frame.capture());
      }
      case NONE -> frame -> null;
    };
  }

  /** Gives the keys of encoded records. */
  interface OfRecords {
    /** The key of a record of the last run, or null. */
    byte @Nullable [] of(BlockEncoder run, int record);
  }

  /** The same of encoded records. */
  OfRecords ofRecords() {
    return switch (this) {
      case FLOW -> {
        FlowKeys keys = new FlowKeys();
        yield (run, record) -> ofFlow(keys.of(run, record));
      }
      case INTERFACE -> {
        InterfaceKeys keys = new InterfaceKeys();
        yield (run, record) -> keys.of(run.capture(record));
      }
      case NONE -> (run, record) -> null;
    };
  }

  /** The key of a flow's record, or null: that of its first frame. */
  byte @Nullable [] of(Biflow flow) {
    return switch (this) {
      case FLOW -> ofFlow(flow.flowKey());
      case INTERFACE -> ofInterface(flow.capture());
      case NONE -> null;
    };
  }

  private static byte[] ofFlow(long flowKey) {
    return ByteBuffer.allocate(Long.BYTES).putLong(flowKey).array();
  }

  /** {@code HOST/INTERFACE}, or the interface alone if the host is unknown. */
  static byte[] ofInterface(CaptureId capture) {
    String host = capture.host();
    String name = capture.interfaceName();
    return (host.isEmpty() ? name : host + "/" + name).getBytes(StandardCharsets.UTF_8);
  }

  /** Frames of one capture follow one another: its key is made once. */
  private static final class InterfaceKeys {
    private @Nullable CaptureId capture;
    private byte[] key = {};

    byte[] of(CaptureId ofFrame) {
      if (ofFrame != capture) {
        capture = ofFrame;
        key = ofInterface(ofFrame);
      }
      return key;
    }
  }
}
