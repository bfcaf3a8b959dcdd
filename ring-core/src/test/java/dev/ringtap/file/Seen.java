package dev.ringtap.file;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A frame as a test keeps it. */
record Seen(
    String interfaceName,
    int linkType,
    long timestampNanos,
    int originalLength,
    PacketType packetType,
    int flags,
    long lostBefore,
    String payload) {

  /** Frames of a source, and the fault it ended with, null if there was none. */
  record Run(List<Seen> frames, IOException fault) {}

  static Seen of(Frame frame) {
    byte[] payload = frame.payload();
    return new Seen(
        frame.interfaceName(),
        frame.linkType(),
        frame.timestampNanos(),
        frame.originalLength(),
        frame.packetType(),
        frame.flags(),
        frame.lostBefore(),
        HexFormat.of().formatHex(payload));
  }

  /** What two readers of the same frame agree on, however much a format can hold. */
  Seen core() {
    return new Seen("", linkType, timestampNanos, originalLength, PacketType.HOST, 0, 0, payload);
  }

  static List<Seen> all(Path path) throws IOException {
    try (CaptureFile file = CaptureFile.open(path)) {
      return orThrow(drain(file));
    }
  }

  static List<Seen> all(byte[] bytes) throws IOException {
    return orThrow(run(bytes));
  }

  private static List<Seen> orThrow(Run run) throws IOException {
    if (run.fault() != null) {
      throw run.fault();
    }
    return run.frames();
  }

  static Run run(byte[] bytes) {
    try (CaptureFile file = CaptureFile.open(new BytesInput(bytes), "test.pcap")) {
      return drain(file);
    } catch (IOException e) {
      return new Run(List.of(), e);
    }
  }

  static Run drain(BlockSource source) throws IOException {
    List<Seen> frames = new ArrayList<>();
    try {
      while (!source.isEnded()) {
        try (Block block = source.poll(1000)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            if (f.sequence() != frames.size()) {
              throw new AssertionError("sequence " + f.sequence() + " at " + frames.size());
            }
            frames.add(Seen.of(f));
          }
        }
      }
    } catch (IOException e) {
      return new Run(frames, e);
    }
    long lost = frames.stream().mapToLong(Seen::lostBefore).sum();
    if (source.statistics().captured() != frames.size()
        || source.statistics().offered() != frames.size() + lost
        || source.statistics().droppedByKernel() != lost) {
      throw new AssertionError(source.statistics() + " for " + frames.size() + " and " + lost);
    }
    return new Run(frames, null);
  }

  /** Bytes in memory that come in odd portions. */
  static final class BytesInput extends ByteInput {
    private final byte[] bytes;
    private int position;

    BytesInput(byte[] bytes) {
      super(null);
      this.bytes = bytes;
    }

    @Override
    int read(byte[] target, int offset, int length, long deadlineNanos) {
      int count = Math.min(Math.min(length, 4099), bytes.length - position);
      System.arraycopy(bytes, position, target, offset, count);
      position += count;
      return count == 0 ? -1 : count;
    }

    @Override
    void end() {}
  }
}
