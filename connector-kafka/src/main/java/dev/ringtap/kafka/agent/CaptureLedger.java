package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import java.util.List;

/**
 * The ledger of one capture of a run.
 *
 * @param name the interface, or the capture file
 * @param members those of a live capture; none of a file
 * @param ledger where its frames went
 */
public record CaptureLedger(String name, List<CaptureId> members, Ledger ledger) {
  /** Both equations in one line. */
  public String line() {
    return "%s: offered %d = %d dropped by the kernel + %d captured; captured = %d acknowledged + %d not delivered"
        .formatted(
            name,
            ledger.offered(),
            ledger.droppedByKernel(),
            ledger.captured(),
            ledger.acknowledged(),
            ledger.notDelivered());
  }
}
