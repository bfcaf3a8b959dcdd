package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import java.io.IOException;
import java.util.List;

/** Takes blocks, hands their frames to the sinks, gives the blocks back. One thread runs it. */
final class PacketPump {
  private static final int POLL_TIMEOUT_MILLIS = 500;

  private final BlockSource source;
  private final Refusals refusals;
  private final FrameQuota quota;

  private volatile long captured;
  private volatile long capturedBytes;
  private long lostBefore;

  /** Frames of the blocks that are through; guarded by this. */
  private long through;

  private boolean ended;
  private volatile boolean cancelled;

  /**
   * @param quota ends the pump when it is used up
   */
  PacketPump(BlockSource source, Refusals refusals, FrameQuota quota) {
    this.source = source;
    this.refusals = refusals;
    this.quota = quota;
  }

  BlockSource source() {
    return source;
  }

  /**
   * Pumps until the source ends, the quota is used up or {@link #cancel} is called.
   *
   * @param feeds where frames go; they do not throw
   * @throws IOException if the source failed; all that could be pumped was
   */
  void run(List<FrameSink.Feed> feeds) throws IOException {
    try {
      while (!source.isEnded() && !quota.isUsedUp() && !cancelled) {
        try (Block block = source.poll(POLL_TIMEOUT_MILLIS)) {
          if (block != null) {
            pump(block, feeds);
          }
        }
      }
    } finally {
      blockEnded(true);
    }
  }

  /** Ends the pump although its source goes on: one that cannot be stopped. Any thread. */
  void cancel() {
    cancelled = true;
  }

  private void pump(Block block, List<FrameSink.Feed> feeds) throws IOException {
    long frames = captured;
    long bytes = capturedBytes;
    try {
      Frame frame;
      while ((frame = block.next()) != null && quota.takeOne()) {
        frames++;
        bytes += frame.payloadLength();
        lostBefore += frame.lostBefore();
        for (int i = 0; i < feeds.size(); i++) {
          feeds.get(i).accept(frame);
        }
        captured = frames;
      }
    } catch (CorruptBlockException e) {
      frames += e.unreadFrames();
      refusals.add("CorruptBlock", e.unreadFrames(), e.getMessage());
    } finally {
      captured = frames;
      capturedBytes = bytes;
      feeds.forEach(FrameSink.Feed::endBlock);
      blockEnded(false);
    }
  }

  private synchronized void blockEnded(boolean last) {
    through = captured;
    ended = last;
    notifyAll();
  }

  /** Waits until the blocks of this many frames are through, or no more come. Any thread. */
  synchronized void await(long frames) throws InterruptedException {
    while (through < frames && !ended) {
      wait();
    }
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
