package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LiveReaderIT {
  /** Longer than the time that is left to a kernel that does not hand its last block over. */
  private static final int RETIRE_TIMEOUT_MILLIS = 5000;

  private static final int FRAMES = 100;

  @Test
  void aStopCountsTheLastBlockHoweverLongTheKernelKeepsIt() throws IOException {
    String cause = PrivateNetwork.unavailabilityCause();
    assumeTrue(cause == null, "needs root for a network namespace: " + cause);
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, RETIRE_TIMEOUT_MILLIS)
            .build();
    TaskLedger ledger = new TaskLedger();
    RecordMaker maker = new RecordMaker("t", RecordKey.NONE, ValueFormat.AVRO, OptionalInt.empty());
    try (PrivateNetwork network = PrivateNetwork.create()) {
      LiveReader reader = network.call(() -> new LiveReader(config, maker, ledger));
      try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
        for (byte[] frame : WorkerLab.frames(3, FRAMES)) {
          sender.send(frame);
        }
      } finally {
        reader.close();
      }
    }
    assertThat(ledger.value(TaskMetric.CAPTURED)).isEqualTo(FRAMES);
    assertThat(ledger.value(TaskMetric.LEFT_AT_STOP)).isEqualTo(FRAMES);
  }
}
