package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Writes frames to a pcapng file, those of several pumps as they come. */
final class FileSink implements FrameSink {
  private final PcapngWriter writer;

  /** Numbers of the live captures' interfaces; none of a replay. */
  private final Map<CaptureId, Integer> live = new HashMap<>();

  private boolean finished;

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
      private CaptureId last;
      private Integer number;

      @Override
      public void accept(Frame frame) throws IOException {
        synchronized (FileSink.this) {
          if (frame.capture() != last) {
            last = frame.capture();
            number = live.get(last);
          }
          if (number == null) {
            writer.write(frame);
          } else {
            writer.write(number, frame);
          }
          delivery.written();
        }
      }
    };
  }

  /** Tells the file what a live capture has seen. */
  synchronized void describe(CaptureId capture, CaptureStatistics seen) {
    writer.writeStatistics(live.get(capture), seen.offered(), seen.droppedByKernel());
  }

  @Override
  public synchronized void flush() throws IOException {
    if (!finished) {
      writer.flush();
    }
  }

  @Override
  public synchronized void finish() throws IOException {
    finished = true;
    writer.close();
  }

  @Override
  public void abandon() {
    // a file does not keep anybody waiting
  }
}
