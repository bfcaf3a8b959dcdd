package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class MachineTest {
  @Test
  void bigEndianMachinesAreRefused() {
    assertThat(Machine.refusal(ByteOrder.LITTLE_ENDIAN)).isNull();
    assertThat(Machine.refusal(ByteOrder.BIG_ENDIAN))
        .startsWith("Ringtap runs on little-endian machines only, this one is big-endian (");
  }
}
