package dev.ringtap.kafka.bench;

import java.time.Instant;

/** The clock of the kernel's timestamps. */
final class Clock {
  private Clock() {}

  /** Nanoseconds since 1970, UTC. */
  static long nowNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }
}
