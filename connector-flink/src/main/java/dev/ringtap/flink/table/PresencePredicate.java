package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;

/**
 * IS NULL and IS NOT NULL.
 *
 * @param field the number
 * @param present whether it must be there
 */
record PresencePredicate(HeaderField field, boolean present) implements Predicate {
  private static final long serialVersionUID = 1;

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    return field.of(frame, headers) >= 0 == present;
  }

  @Override
  public void write(BpfAssembler out, Label yes, Label no) {
    field.load(out, present ? no : yes);
    out.go(present ? yes : no);
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
