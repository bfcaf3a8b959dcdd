package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Writes frames to a pcapng file, those of several pumps as they come. */
final class FileSink implements FrameSink {
  private final PcapngWriter writer;

  /** Numbers of the live captures' interfaces; none of a replay. */
  private final Map<CaptureId, Integer> live = new ConcurrentHashMap<>();

  /** Frames that the writer still holds, in their order. */
  private final Deque<Buffered> buffered = new ArrayDeque<>();

  private long settled;
  private boolean finished;

  /** Frames of one capture that follow one another. */
  private static final class Buffered {
    private final Delivery delivery;
    private long frames;

    Buffered(Delivery delivery) {
      this.delivery = delivery;
    }
  }

  FileSink(Path file) throws IOException {
    writer = PcapngWriter.create(file);
  }

  /**
   * Declares the interface of a live capture, before its frames; a replayed file's come with their
   * frames.
   */
  synchronized void declare(CaptureId capture, int linkType, int snapLengthBytes)
      throws IOException {
    live.put(capture, writer.addInterface(capture, linkType, snapLengthBytes));
  }

  @Override
  public FrameWriter writer(Delivery delivery) {
    return new FrameWriter() {
      private @Nullable CaptureId last;
      private @Nullable Integer number;

      @Override
      public void accept(Block block) throws IOException {
        Frame frame;
        while ((frame = block.next()) != null) {
          if (frame.capture() != last) {
            last = frame.capture();
            number = live.get(last);
          }
          write(number, frame, delivery);
        }
      }
    };
  }

  /**
   * @param number the interface's, or null of a replay
   */
  private synchronized void write(@Nullable Integer number, Frame frame, Delivery delivery)
      throws IOException {
    add(delivery);
    try {
      if (number == null) {
        writer.write(frame);
      } else {
        writer.write(number, frame);
      }
    } finally {
      settle();
    }
  }

  private void add(Delivery delivery) {
    if (buffered.isEmpty() || buffered.getLast().delivery != delivery) {
      buffered.add(new Buffered(delivery));
    }
    buffered.getLast().frames++;
  }

  /** Counts what has reached the file since the last time: of a full disk that is not all. */
  private void settle() {
    for (long reached = writer.framesWritten() - settled; reached > 0; ) {
      Buffered first = buffered.getFirst();
      long frames = Math.min(reached, first.frames);
      first.delivery.written(frames);
      first.frames -= frames;
      if (first.frames == 0) {
        buffered.remove();
      }
      reached -= frames;
      settled += frames;
    }
  }

  /** Tells the file what a live capture has seen. */
  synchronized void describe(CaptureId capture, CaptureStatistics seen) {
    int number = Objects.requireNonNull(live.get(capture), "not declared");
    writer.writeStatistics(number, seen.offered(), seen.droppedByKernel());
  }

  @Override
  public synchronized void flush() throws IOException {
    if (!finished) {
      try {
        writer.flush();
      } finally {
        settle();
      }
    }
  }

  @Override
  public synchronized void finish() throws IOException {
    finished = true;
    try {
      writer.close();
    } finally {
      settle();
    }
  }

  @Override
  public void abandon() {
    // a file does not keep anybody waiting
  }
}
