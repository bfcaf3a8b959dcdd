package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes frames to a pcapng file, those of several pumps as they come. */
final class FileSink implements FrameSink {
  private final PcapngWriter writer;

  /** Numbers of the live captures' interfaces, by member; none of a replay. */
  private final List<Integer> live = new ArrayList<>();

  private boolean finished;

  FileSink(Path file) throws IOException {
    writer = PcapngWriter.create(file);
  }

  /** Declares an interface for each live capture; a replayed file's come with their frames. */
  synchronized void declare(List<CaptureId> captures, CaptureConfig config, CaptureInterface device)
      throws IOException {
    int snapLength = device.snapLengthBytes(config.snapLengthBytes());
    for (CaptureId each : captures) {
      live.add(writer.addInterface(each, device.linkType(), snapLength));
    }
  }

  @Override
  public FrameWriter writer() {
    return this::write;
  }

  private synchronized void write(Frame frame) throws IOException {
    if (live.isEmpty()) {
      writer.write(frame);
    } else {
      writer.write(live.get(frame.capture().member()), frame);
    }
  }

  /** Tells the file what each live capture has seen. */
  synchronized void describe(List<CaptureStatistics> statistics) {
    for (int i = 0; i < statistics.size(); i++) {
      CaptureStatistics seen = statistics.get(i);
      writer.writeStatistics(live.get(i), seen.offered(), seen.droppedByKernel());
    }
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
