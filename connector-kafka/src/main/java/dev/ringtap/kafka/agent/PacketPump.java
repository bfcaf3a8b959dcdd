package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LiveCapture;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/** Takes blocks, hands their frames to the sinks, releases the blocks. One thread runs it. */
final class PacketPump {
  private static final int POLL_TIMEOUT_MILLIS = 500;

  private final BlockSource source;
  private final List<DeliveryFailures> failures;
  private final FrameQuota quota;
  private final Lock blockLock;

  private final Count captured = new Count();
  private final Count capturedBytes = new Count();
  private final Count lostBefore = new Count();
  private final LatencyHistogram retireLatency = new LatencyHistogram();

  private volatile MemberCounts.Loop loop = MemberCounts.Loop.NOT_STARTED;
  private volatile long turnedAtNanos = System.nanoTime();

  /** Frames of the blocks that are through; guarded by this. */
  private long through;

  private boolean ended;
  private volatile boolean cancelled;

  /**
   * @param failures count the frames that no sink is offered
   * @param quota ends the pump when it is used up
   * @param blockLock held while the frames of a block are handed over
   */
  PacketPump(
      BlockSource source, List<DeliveryFailures> failures, FrameQuota quota, Lock blockLock) {
    this.source = source;
    this.failures = failures;
    this.quota = quota;
    this.blockLock = blockLock;
  }

  BlockSource source() {
    return source;
  }

  /**
   * Pumps until the source ends, the quota is used up or {@link #cancel} is called.
   *
   * @param writers where frames go; they do not throw
   * @throws IOException if the source failed; all that could be pumped was
   */
  void run(List<FrameSink.FrameWriter> writers) throws IOException {
    try {
      while (!source.isEnded() && !quota.isUsedUp() && !cancelled) {
        turnTo(MemberCounts.Loop.POLLING);
        try (Block block = source.poll(POLL_TIMEOUT_MILLIS)) {
          if (block != null) {
            turnTo(MemberCounts.Loop.DELIVERING);
            blockLock.lock();
            try {
              pump(block, writers);
            } finally {
              blockLock.unlock();
            }
          } else if (source instanceof LiveCapture) {
            underLock(writers, FrameSink.FrameWriter::idle);
          }
        }
      }
    } finally {
      underLock(writers, FrameSink.FrameWriter::end);
      turnTo(MemberCounts.Loop.ENDED);
      blockEnded(true);
    }
  }

  private void underLock(
      List<FrameSink.FrameWriter> writers, Consumer<FrameSink.FrameWriter> step) {
    blockLock.lock();
    try {
      writers.forEach(step);
    } finally {
      blockLock.unlock();
    }
  }

  private void turnTo(MemberCounts.Loop next) {
    turnedAtNanos = System.nanoTime();
    loop = next;
  }

  /** Ends the pump although its source goes on: one that cannot be stopped. Any thread. */
  void cancel() {
    cancelled = true;
  }

  private void pump(Block block, List<FrameSink.FrameWriter> writers) throws IOException {
    try {
      int frames = count(block);
      for (FrameSink.FrameWriter writer : writers) {
        block.rewind(frames);
        writer.accept(block);
      }
    } finally {
      blockEnded(false);
    }
  }

  /**
   * Counts the frames before they are sent: what is acknowledged is counted as captured already.
   *
   * @return how many can be read and are within the quota
   */
  private int count(Block block) {
    int frames = 0;
    long bytes = 0;
    long lost = 0;
    try {
      Frame frame;
      while ((frame = block.next()) != null && quota.takeOne()) {
        if (frames == 0) {
          long now = ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
          retireLatency.add(now - frame.timestampNanos());
        }
        bytes += frame.payloadLength();
        lost += frame.lostBefore();
        frames++;
      }
    } catch (CorruptBlockException e) {
      countUnread(e.unreadFrames(), "CorruptBlock", AgentException.message(e));
    } finally {
      captured.add(frames);
      capturedBytes.add(bytes);
      lostBefore.add(lost);
    }
    return frames;
  }

  private synchronized void blockEnded(boolean last) {
    through = captured.get();
    ended = last;
    notifyAll();
  }

  /** Counts frames that no sink is offered: as captured and, in every account, not delivered. */
  void countUnread(long frames, String reason, String detail) {
    captured.add(frames);
    failures.forEach(each -> each.add(reason, frames, detail));
  }

  /** Waits until the blocks of this many frames are through, or no more come. Any thread. */
  synchronized void await(long frames) throws InterruptedException {
    while (through < frames && !ended) {
      wait();
    }
  }

  /** Frames taken so far. Any thread. */
  long captured() {
    return captured.get();
  }

  /** Bytes of their payloads. Any thread. */
  long capturedBytes() {
    return capturedBytes.get();
  }

  /** Frames that the kernel dropped before the last one that was taken. Any thread. */
  long lostBeforeLast() {
    return lostBefore.get();
  }

  /** From a block's first frame until the block is taken. Any thread. */
  Latency retireLatency() {
    return retireLatency.snapshot();
  }

  /** What the loop does. Any thread. */
  MemberCounts.Loop loop() {
    return loop;
  }

  /** For how long it has been doing that. Any thread. */
  double loopSeconds() {
    return (System.nanoTime() - turnedAtNanos) / 1e9;
  }
}
