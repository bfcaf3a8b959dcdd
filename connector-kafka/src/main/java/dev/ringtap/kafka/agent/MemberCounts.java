package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.InterfaceState;
import org.jspecify.annotations.Nullable;

/**
 * What one ring has seen, and the thread that reads it. A capture file has the same, of what
 * applies to it.
 *
 * @param capture names the capture; of a file, only the file
 * @param framesOffered frames that passed the filter, dropped ones included; of a ring as of the
 *     last look at the kernel's counters, at most a second ago
 * @param framesDropped frames for which the ring had no room; in a file, the drops it records
 * @param framesCaptured frames taken from the ring or the file
 * @param bytesCaptured bytes of their payloads
 * @param framesLostBefore sum of {@code lostBefore} over them: drops that records tell of
 * @param ringFreezes how often the ring was full and the kernel stopped filling it
 * @param ringFill the part of the ring's blocks that are filled and not released, from 0 to 1
 * @param interfaceState the interface's; null for a file
 * @param retireLatency from a block's first frame, by the kernel's clock, until the block is taken
 * @param loop what the capture loop does
 * @param loopSeconds for how long it has been doing that since it last looked for a block
 */
public record MemberCounts(
    CaptureId capture,
    long framesOffered,
    long framesDropped,
    long framesCaptured,
    long bytesCaptured,
    long framesLostBefore,
    long ringFreezes,
    double ringFill,
    @Nullable InterfaceState interfaceState,
    Latency retireLatency,
    Loop loop,
    double loopSeconds) {
  /** What the thread of a capture does. */
  public enum Loop {
    /** Not started: the run waits for Kafka. */
    NOT_STARTED,
    /** It waits for a block. */
    POLLING,
    /** It hands the frames of a block over, and waits for Kafka or the file if these are slow. */
    DELIVERING,
    /** It has ended. */
    ENDED
  }
}
