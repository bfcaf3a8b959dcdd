package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What frames hold. */
public final class Payloads {
  private Payloads() {}

  /** Takes until the source ends: each frame's payload, numbered from 0 without holes. */
  public static List<byte[]> of(BlockSource source) throws IOException {
    List<byte[]> payloads = new ArrayList<>();
    while (!source.isEnded()) {
      try (Block block = source.take(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          assertThat(f.sequence()).isEqualTo(payloads.size());
          byte[] payload = f.payload();
          payloads.add(payload);
        }
      }
    }
    return payloads;
  }
}
