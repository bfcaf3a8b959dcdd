package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.nio.file.Path;

/** Writes frames to a pcapng file, those of several pumps as they come. */
final class FileSink implements FrameSink {
  private final PcapngWriter writer;

  /** Number of the live capture's interface, -1 for a replay. */
  private int live = -1;

  private boolean finished;

  FileSink(Path file) throws IOException {
    writer = PcapngWriter.create(file);
  }

  /** Declares the one interface of a live capture; a replayed file's come with their frames. */
  void declare(CaptureConfig capture, CaptureInterface device) throws IOException {
    live =
        writer.addInterface(
            capture.get(CaptureOption.INTERFACE),
            device.linkType(),
            device.snapLengthBytes(capture.snapLengthBytes()));
  }

  @Override
  public Feed feed() {
    return this::write;
  }

  private synchronized void write(Frame frame) throws IOException {
    if (live < 0) {
      writer.write(frame);
    } else {
      writer.write(live, frame);
    }
  }

  /** Tells the file what the interface of a live capture has seen. */
  synchronized void describe(CaptureStatistics statistics) {
    writer.writeStatistics(live, statistics.offered(), statistics.droppedByKernel());
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
  public long arrived() {
    return writer.framesWritten();
  }

  @Override
  public void abandon() {
    // a file does not keep anybody waiting
  }
}
