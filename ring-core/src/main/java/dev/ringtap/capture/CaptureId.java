package dev.ringtap.capture;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * Names one capture: with its host, interface, start and member no other capture has the same. The
 * sequence numbers and losses of frames count within it.
 *
 * @param host the host that captured, empty if unknown
 * @param interfaceName the interface; on a capture of {@code any} that of the frame
 * @param startMicros when the capture was opened, in microseconds since 1970 UTC, 0 if unknown; no
 *     two captures of one process have the same
 * @param member which member of a fanout group captured, from 0
 */
public record CaptureId(String host, String interfaceName, long startMicros, int member) {
  private static final long MICROS_PER_SECOND = 1_000_000;

  /** Checks that the names are there. */
  public CaptureId {
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(interfaceName, "interfaceName");
  }

  /**
   * Names a capture by the time of its opening, truncated to microseconds.
   *
   * @throws ArithmeticException if the time does not fit 64 bits of microseconds
   */
  public CaptureId(String host, String interfaceName, Instant start, int member) {
    this(host, interfaceName, micros(start), member);
  }

  /** Microseconds since 1970 UTC. */
  static long micros(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }

  /** Frames of which only the interface is known. */
  public static CaptureId on(String interfaceName) {
    return new CaptureId("", interfaceName, 0, 0);
  }

  /**
   * Whether sequence numbers and losses of both count as one: on a capture of {@code any}, frames
   * of several interfaces are of one capture.
   */
  public boolean isSameCapture(CaptureId other) {
    return startMicros == 0
        ? equals(other)
        : startMicros == other.startMicros && member == other.member && host.equals(other.host);
  }

  CaptureId withInterface(String name) {
    return new CaptureId(host, name, startMicros, member);
  }

  /** When the capture was opened. */
  public Instant start() {
    return Instant.ofEpochSecond(
        Math.floorDiv(startMicros, MICROS_PER_SECOND),
        Math.floorMod(startMicros, MICROS_PER_SECOND) * 1000);
  }
}
