package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * The ledger of one capture of a run.
 *
 * @param name the interface, or the capture file
 * @param members those of a live capture; none of a file
 * @param ledger where its frames went
 */
public record CaptureLedger(String name, List<CaptureId> members, Ledger ledger) {
  /**
   * Logs the ledger's counts, each by its name.
   *
   * @param event what happened; its last word is the name under which this capture's stands
   */
  public void log(System.Logger log, String event) {
    log.log(
        Level.INFO,
        event
            + "={0} offered={1} droppedByKernel={2} captured={3} acknowledged={4}"
            + " notDelivered={5} balances={6}",
        name,
        ledger.offered(),
        ledger.droppedByKernel(),
        ledger.captured(),
        ledger.acknowledged(),
        ledger.notDelivered(),
        ledger.balances());
  }

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
