package dev.ringtap.flow;

import static dev.ringtap.testkit.Packets.ethernet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.LinkType;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A SYN flood from random addresses in a table of the usual size: {@code -Dflood.frames=10000000}
 * for more of it.
 */
@Timeout(300)
class FlowFloodTest {
  private static final int FRAMES = Integer.getInteger("flood.frames", 1_000_000);
  private static final long NANOS_PER_FRAME = 1000;
  private static final int REAL_FLOWS = 100;

  /** A real flow has a frame before the flood has filled half of the table. */
  private static final int FRAMES_BETWEEN = 30_000 / REAL_FLOWS;

  /** More than a table collects. */
  private static final int COPIES = 32;

  private static final int SRC_ADDRESS = 26;
  private static final int SRC_PORT = 34;

  private long exported;
  private long noRoom;
  private long realEnded;
  private long realFrames;

  private void export(Biflow flow) {
    exported += flow.packets();
    noRoom += flow.endReason() == FlowEndReason.LACK_OF_RESOURCES ? 1 : 0;
    if (flow.dstPort() == 443) {
      realFrames += flow.packets();
      realEnded++;
    }
  }

  @Test
  void realFlowsSurviveAndTheTableStaysInItsBounds() {
    FlowTable table = new FlowTable(FlowLimits.DEFAULT, this::export);
    byte[][] syns = copies(80, Packets.SYN);
    byte[][] real = copies(443, Packets.ACK);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Random random = new Random(10);
    long nanos = FlowTraffic.START;
    long sentReal = 0;
    long cpuBefore = 0;
    for (int i = 0; i < FRAMES; i++) {
      if (i == FRAMES / 2) {
        cpuBefore = threads.getCurrentThreadCpuTime();
      }
      byte[] frame;
      if (i % FRAMES_BETWEEN == 0) {
        frame = real[i / FRAMES_BETWEEN % COPIES];
        ByteBuffer.wrap(frame).putShort(SRC_PORT, (short) (1000 + sentReal % REAL_FLOWS));
        sentReal++;
      } else {
        frame = syns[i % COPIES];
        ByteBuffer.wrap(frame)
            .putInt(SRC_ADDRESS, random.nextInt())
            .putShort(SRC_PORT, (short) random.nextInt());
      }
      nanos += NANOS_PER_FRAME;
      table.collect(
          FlowTraffic.CAPTURE,
          nanos,
          frame.length,
          0,
          MemorySegment.ofArray(frame),
          LinkType.ETHERNET,
          0);
    }
    table.settle();
    long half = FRAMES - FRAMES / 2;
    long cpu = (threads.getCurrentThreadCpuTime() - cpuBefore) / half;
    assertThat(table.size()).isEqualTo(FlowLimits.DEFAULT.capacity());
    assertThat(realEnded).as("real flows that made room").isZero();
    assertThat(exported + table.openFrames() + table.framesWithoutFlow()).isEqualTo(FRAMES);
    table.endAll();
    assertThat(exported).isEqualTo(FRAMES);
    assertThat(realEnded).isEqualTo(REAL_FLOWS);
    assertThat(realFrames).isEqualTo(sentReal);
    assertThat(noRoom).isEqualTo(table.exportedFlows() - FlowLimits.DEFAULT.capacity());
    System.out.printf(
        "%d frames: %d flows made room, %d real flows of %d frames are whole; %d ns a frame%n",
        FRAMES, noRoom, realEnded, realFrames, cpu);
  }

  private static byte[][] copies(int port, int flags) {
    byte[][] copies = new byte[COPIES][];
    for (int i = 0; i < COPIES; i++) {
      copies[i] = ethernet(Packets.tcp("10.0.0.1", 1000, "10.0.0.2", port, flags, new byte[0]));
    }
    return copies;
  }
}
