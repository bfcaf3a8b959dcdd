package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;
import java.util.ArrayList;
import java.util.List;

/** AND and OR. */
final class JoinedPredicate implements Predicate {
  private static final long serialVersionUID = 1;

  private final boolean all;
  private final ArrayList<Predicate> parts;

  /**
   * @param all whether all parts must be true, or one of them; of no parts the first is true, the
   *     second false
   */
  JoinedPredicate(boolean all, List<Predicate> parts) {
    this.all = all;
    this.parts = new ArrayList<>(parts);
  }

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    for (Predicate part : parts) {
      if (part.test(frame, headers) != all) {
        return !all;
      }
    }
    return all;
  }

  @Override
  public void write(BpfAssembler out, Label yes, Label no) {
    for (Predicate part : parts) {
      Label next = new Label();
      part.write(out, all ? next : yes, all ? no : next);
      out.place(next);
    }
    out.go(all ? yes : no);
  }

  @Override
  public boolean isExact() {
    return parts.stream().allMatch(Predicate::isExact);
  }

  @Override
  public boolean needsTransport() {
    return parts.stream().anyMatch(Predicate::needsTransport);
  }
}
