package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;

/**
 * A number of the frame compared with a constant.
 *
 * @param field the number
 * @param comparison how
 * @param constant with what
 */
record NumberPredicate(HeaderField field, Comparison comparison, long constant)
    implements Predicate {
  private static final long serialVersionUID = 1;

  /** How two numbers are compared. */
  enum Comparison {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL;

    boolean holds(long left, long right) {
      return switch (this) {
        case EQUAL -> left == right;
        case NOT_EQUAL -> left != right;
        case LESS -> left < right;
        case LESS_OR_EQUAL -> left <= right;
        case GREATER -> left > right;
        default -> left >= right;
      };
    }

    /** What is true where this is false, of numbers that are there. */
    Comparison opposite() {
      return switch (this) {
        case EQUAL -> NOT_EQUAL;
        case NOT_EQUAL -> EQUAL;
        case LESS -> GREATER_OR_EQUAL;
        case LESS_OR_EQUAL -> GREATER;
        case GREATER -> LESS_OR_EQUAL;
        default -> LESS;
      };
    }

    /** The same with both sides exchanged. */
    Comparison mirrored() {
      return switch (this) {
        case LESS -> GREATER;
        case LESS_OR_EQUAL -> GREATER_OR_EQUAL;
        case GREATER -> LESS;
        case GREATER_OR_EQUAL -> LESS_OR_EQUAL;
        default -> this;
      };
    }
  }

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    long value = field.of(frame, headers);
    return value >= 0 && comparison.holds(value, constant);
  }

  @Override
  public void write(BpfAssembler out, Label yes, Label no) {
    field.load(out, no);
    // all fields have 16 bits at most: a constant outside decides by itself
    if (constant < 0 || constant > 0xFFFF) {
      out.go(comparison.holds(0, constant) ? yes : no);
      return;
    }
    int k = (int) constant;
    switch (comparison) {
      case EQUAL -> out.branch(Bpf.JEQ_K, k, yes, no);
      case NOT_EQUAL -> out.branch(Bpf.JEQ_K, k, no, yes);
      case LESS -> out.branch(Bpf.JGE_K, k, no, yes);
      case LESS_OR_EQUAL -> out.branch(Bpf.JGT_K, k, no, yes);
      case GREATER -> out.branch(Bpf.JGT_K, k, yes, no);
      default -> out.branch(Bpf.JGE_K, k, yes, no);
    }
  }

  @Override
  public boolean isExact() {
    return field.isExact();
  }

  @Override
  public boolean needsTransport() {
    return !field.isExact();
  }
}
