package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;

/** What frames hold. */
public final class Payloads {
  private Payloads() {}

  /**
   * Waits until the kernel has offered this many frames to all of them together: what is sent on a
   * wire may wait in a queue of a loaded machine. The test's time limit ends it otherwise.
   */
  static void awaitOffered(long frames, PacketCapture... captures) throws IOException {
    long offered = 0;
    do {
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        throw new InterruptedIOException("offered " + offered + " of " + frames + " frames");
      }
      offered = 0;
      for (PacketCapture each : captures) {
        offered += each.readStatistics().offered();
      }
    } while (offered < frames);
  }

  /** Takes until the source ends: each frame's payload, numbered from 0 without holes. */
  public static List<byte[]> of(BlockSource source) throws IOException {
    List<byte[]> payloads = new ArrayList<>();
    while (!source.isEnded()) {
      try (Block block = source.poll(100)) {
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
