package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.nio.file.Path;

/** Writes frames to a pcapng file. */
final class FileSink implements FrameSink {
  private final PcapngWriter writer;

  FileSink(Path file) throws IOException {
    writer = PcapngWriter.create(file);
  }

  /** Declares the one interface of a live capture; a replayed file's come with their frames. */
  void declare(CaptureConfig capture, int linkType) throws IOException {
    writer.addInterface(capture.get(CaptureOption.INTERFACE), linkType, capture.snapLengthBytes());
  }

  @Override
  public void accept(Frame frame) throws IOException {
    writer.write(frame);
  }

  /** Tells the file what the interface of a live capture has seen. */
  void describe(CaptureStatistics statistics) {
    writer.writeStatistics(0, statistics.offered(), statistics.droppedByKernel());
  }

  @Override
  public void finish() throws IOException {
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
