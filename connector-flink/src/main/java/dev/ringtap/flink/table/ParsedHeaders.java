package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.packet.PacketHeaders;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * A reader's view of headers, which a predicate and the row after it share: a frame that the
 * predicate has parsed is not parsed again. It travels with the job. Not thread-safe.
 */
final class ParsedHeaders implements Serializable {
  private static final long serialVersionUID = 1;

  private transient @Nullable PacketHeaders headers;

  /** What the predicate has parsed and no row was made of, or null. */
  private transient @Nullable Frame parsed;

  /** Those of the last frame that was parsed. */
  PacketHeaders headers() {
    if (headers == null) {
      headers = new PacketHeaders();
    }
    return headers;
  }

  /** For the predicate. */
  PacketHeaders first(Frame frame) {
    parsed = frame;
    return headers().parse(frame);
  }

  /** For the row. */
  PacketHeaders last(Frame frame) {
    if (parsed != frame) {
      first(frame);
    }
    parsed = null;
    return headers();
  }
}
