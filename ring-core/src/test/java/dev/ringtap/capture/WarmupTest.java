package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WarmupTest {
  private static final int BLOCKS = 100;

  @Test
  void blocksAreDiverse() throws IOException {
    Set<CaptureId> captures = new HashSet<>();
    Set<Boolean> tagged = new HashSet<>();
    Set<Integer> lengths = new HashSet<>();
    try (Warmup warmup = new Warmup(Duration.ofHours(1))) {
      long next = -1;
      for (int i = 0; i < BLOCKS; i++) {
        try (Block block = warmup.poll(0)) {
          captures.add(block.capture());
          Frame frame;
          while ((frame = block.next()) != null) {
            assertThat(frame.sequence()).isEqualTo(next < 0 ? frame.sequence() : next);
            next = frame.sequence() + 1;
            tagged.add(frame.vlanTag() != 0);
            lengths.add(frame.payloadLength());
          }
        }
      }
      assertThat(warmup.isEnded()).isFalse();
      assertThat(tagged).containsExactlyInAnyOrder(true, false);
      assertThat(captures).hasSize(3);
      assertThat(lengths).hasSizeGreaterThan(100).contains(60, 1514);
      warmup.stop();
      assertThat(warmup.isEnded()).isTrue();
      assertThat(warmup.poll(0)).isNull();
    }
  }

  @Test
  void endsWhenItsTimeIsOverButNotBeforeABlockOfEachKind() throws IOException {
    try (Warmup warmup = new Warmup(Duration.ofNanos(1))) {
      Set<Integer> counts = new HashSet<>();
      while (!warmup.isEnded()) {
        try (Block block = warmup.poll(0)) {
          counts.add(block.frameCount());
        }
      }
      assertThat(counts).as("one of each kind").hasSize(6);
      assertThat(warmup.poll(0)).isNull();
    }
  }
}
