package dev.ringtap.flink.flow;

import dev.ringtap.capture.CaptureId;

/**
 * What all flows of a capture have to know: that frames were lost before one of its frames, or how
 * far the capture went.
 *
 * @param capture {@link #capture(CaptureId)}
 * @param sequence of the frame
 * @param previousNanos time of the frame before it, or of itself if that is unknown
 * @param nanos time of the frame, in nanoseconds since 1970 UTC
 * @param lost frames lost before it; 0 only tells the time
 */
public record CaptureNews(
    String capture, long sequence, long previousNanos, long nanos, long lost) {

  /** Names what sequence numbers and losses count in, as {@link CaptureId#isSameCapture} says. */
  public static String capture(CaptureId id) {
    String name = id.startMicros() + "#" + id.member() + "@" + id.host();
    return id.startMicros() == 0 ? name + "/" + id.interfaceName() : name;
  }
}
