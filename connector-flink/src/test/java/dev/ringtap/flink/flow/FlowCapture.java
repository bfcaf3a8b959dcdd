package dev.ringtap.flink.flow;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowEncoder;
import dev.ringtap.testkit.FlowFrames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A made-up capture with losses, and the flows that the agent makes of a file. */
public final class FlowCapture {
  private static final long START = 1_790_000_000_000_000_000L;
  private static final CaptureId CAPTURE =
      new CaptureId("node1", "eth0", 1_789_999_999_000_000L, 2);
  private static final long MOST_PAUSE_NANOS = 4_000_000_000L;

  private FlowCapture() {}

  /** Writes frames of few hosts, some minutes of them, a part of them after losses. */
  public static Path write(Path file, int frames) throws IOException {
    Random random = new Random(20);
    FlowFrames made = new FlowFrames(random);
    long nanos = START;
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int on = writer.addInterface(CAPTURE, LinkType.ETHERNET, 0);
      for (int i = 0; i < frames; i++) {
        nanos += random.nextInt(100) == 0 ? random.nextLong(MOST_PAUSE_NANOS) : 200_000;
        byte[] frame = made.next();
        long lostBefore = random.nextInt(50) == 0 ? 1 + random.nextInt(9) : 0;
        writer.write(
            on,
            nanos,
            frame.length,
            PacketType.OTHERHOST,
            0,
            lostBefore,
            MemorySegment.ofArray(frame),
            0,
            frame.length);
      }
    }
    return file;
  }

  /** The flows of a file as the agent makes them. */
  public static List<Flow> flows(Path file) throws IOException {
    FlowEncoder encoder = FlowEncoder.singleObject();
    List<Flow> flows = new ArrayList<>();
    FlowTable table = new FlowTable(FlowLimits.DEFAULT, flow -> flows.add(record(flow, encoder)));
    try (CaptureFile capture = CaptureFile.open(file)) {
      while (!capture.isEnded()) {
        try (Block block = capture.poll(0)) {
          Frame frame;
          while (block != null && (frame = block.next()) != null) {
            table.accept(frame);
          }
        }
      }
    }
    table.endAll();
    return flows;
  }

  private static Flow record(Biflow flow, FlowEncoder encoder) {
    try {
      return Flow.getDecoder().decode(encoder.encode(flow));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
