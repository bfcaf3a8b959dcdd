package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import java.io.IOException;
import java.util.List;

/** Takes blocks, hands their frames to the sinks, gives the blocks back. One thread runs it. */
final class PacketPump {
  private static final int TAKE_TIMEOUT_MILLIS = 500;

  private final BlockSource source;
  private final List<FrameSink> sinks;
  private final Refusals refusals;
  private final long count;

  private volatile long captured;
  private volatile long capturedBytes;
  private long lostBefore;
  private IOException sinkFailure;

  /**
   * @param sinks the first is the one whose frames the ledger follows
   * @param count frames after which the pump ends, 0 for no end
   */
  PacketPump(BlockSource source, List<FrameSink> sinks, Refusals refusals, long count) {
    this.source = source;
    this.sinks = sinks;
    this.refusals = refusals;
    this.count = count;
  }

  /**
   * Pumps until the source ends or the count is reached.
   *
   * @throws IOException if the source or a sink failed; all that could be pumped was
   */
  void run() throws IOException {
    while (!source.isEnded() && !countReached()) {
      try (Block block = source.take(TAKE_TIMEOUT_MILLIS)) {
        if (block != null) {
          pump(block);
        }
      }
    }
    if (sinkFailure != null) {
      throw sinkFailure;
    }
  }

  private void pump(Block block) throws IOException {
    long frames = captured;
    long bytes = capturedBytes;
    try {
      for (Frame frame = block.next(); frame != null; frame = block.next()) {
        frames++;
        bytes += frame.payloadLength();
        lostBefore += frame.lostBefore();
        for (int i = 0; i < sinks.size(); i++) {
          accept(i, frame);
        }
        captured = frames;
        if (frames == count) {
          break;
        }
      }
    } catch (CorruptBlockException e) {
      frames += Integer.toUnsignedLong(e.unreadFrames());
      refusals.add("CorruptBlock", Integer.toUnsignedLong(e.unreadFrames()), e.getMessage());
    } finally {
      captured = frames;
      capturedBytes = bytes;
    }
  }

  /** A sink that fails ends the capture: what is in the ring still goes to the other one. */
  private void accept(int index, Frame frame) throws IOException {
    FrameSink sink = sinks.get(index);
    try {
      sink.accept(frame);
    } catch (IOException e) {
      if (sinkFailure == null) {
        sinkFailure = e;
        source.stop();
      }
    }
  }

  boolean countReached() {
    return count > 0 && captured >= count;
  }

  /** Frames taken so far. Any thread. */
  long captured() {
    return captured;
  }

  /** Bytes of their payloads. Any thread. */
  long capturedBytes() {
    return capturedBytes;
  }

  /** Frames that the kernel dropped before the last one that was taken. */
  long lostBeforeLast() {
    return lostBefore;
  }
}
