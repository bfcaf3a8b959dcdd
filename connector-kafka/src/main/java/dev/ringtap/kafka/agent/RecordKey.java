package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.flow.Biflow;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What the Kafka record's key is, and with it the partition of a frame. */
public enum RecordKey {
  /**
   * Eight bytes, equal for both directions of a conversation: it stays in order on one partition.
   */
  FLOW {
    @Override
    public byte[] of(Frame frame, PacketHeaders scratch) {
      scratch.parse(frame);
      return ByteBuffer.allocate(Long.BYTES).putLong(FlowKey.of(scratch)).array();
    }
  },
  /** Host and interface: all frames of an interface stay in order on one partition. */
  INTERFACE {
    @Override
    public byte[] of(Frame frame, PacketHeaders scratch) {
      return ofInterface(frame.capture());
    }
  },
  /** No key: Kafka spreads batches over the partitions. */
  NONE {
    @Override
    public byte[] of(Frame frame, PacketHeaders scratch) {
      return null;
    }
  };

  /** {@code HOST/INTERFACE}, or the interface alone if the host is unknown. */
  static byte[] ofInterface(CaptureId capture) {
    String host = capture.host();
    String name = capture.interfaceName();
    return (host.isEmpty() ? name : host + "/" + name).getBytes(StandardCharsets.UTF_8);
  }

  /** The key of a flow's record, or null: that of its first frame. */
  byte[] of(Biflow flow) {
    return switch (this) {
      case FLOW -> ByteBuffer.allocate(Long.BYTES).putLong(flow.flowKey()).array();
      case INTERFACE -> ofInterface(flow.capture());
      case NONE -> null;
    };
  }

  /**
   * The key of a frame's record, or null.
   *
   * @param scratch the calling thread's own
   */
  public abstract byte[] of(Frame frame, PacketHeaders scratch);
}
