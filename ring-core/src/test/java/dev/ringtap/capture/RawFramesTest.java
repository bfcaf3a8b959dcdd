package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.invoke.MethodHandles;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that is read without checks: by whom, and until when. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RawFramesTest {
  @Test
  void isForEncodersAlone() {
    assertThatThrownBy(() -> new RawFrames(MethodHandles.lookup()))
        .isInstanceOf(IllegalCallerException.class)
        .hasMessageContaining("RawFramesTest");
    assertThatThrownBy(() -> new RawFrames(MethodHandles.publicLookup()))
        .isInstanceOf(IllegalCallerException.class);
  }

  @Test
  void closeWaitsForWhoeverReads() throws Exception {
    BlockMemory memory = BlockMemory.allocate(4096);
    long first = memory.pin();
    long second = memory.pin();
    Thread closing = Thread.ofPlatform().start(memory::close);
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    memory.unpin(first);
    assertThat(memory.segment().scope().isAlive()).isTrue();
    assertThatThrownBy(memory::pin).isInstanceOf(IllegalStateException.class);
    memory.unpin(second);
    closing.join();
    assertThat(memory.segment().scope().isAlive()).isFalse();
    assertThatThrownBy(memory::pin).isInstanceOf(IllegalStateException.class);
    memory.close();
  }
}
