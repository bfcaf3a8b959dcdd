package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;
import java.io.Serializable;

/**
 * A condition of SQL on one frame, with NOT brought down to its leaves: a comparison with what is
 * absent from the frame is neither true nor false, and in a WHERE both mean that the row goes.
 * Immutable.
 */
interface Predicate extends Serializable {
  /** Whether the condition is true. */
  boolean test(Frame frame, PacketHeaders headers);

  /**
   * Writes BPF after a {@link HeaderDecoder}'s that goes to one of two labels; it does not go on
   * after.
   */
  void write(BpfAssembler out, Label yes, Label no);

  /** Whether the BPF decides on every frame as {@link #test} does; otherwise it keeps more. */
  boolean isExact();

  /** Whether the BPF needs what lies after the IP header. */
  boolean needsTransport();
}
