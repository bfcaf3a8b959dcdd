package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.agent.MemberCounts.Loop;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class PacketPumpTest {
  private static final int FRAMES = 50;

  @TempDir Path directory;

  private static PacketPump pump(BlockSource source) {
    return new PacketPump(
        source, List.of(new DeliveryFailures("test")), new FrameQuota(0), new ReentrantLock());
  }

  private CaptureFile file() throws IOException {
    Path file = directory.resolve("frames.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < FRAMES; i++) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[100]);
        writer.write(id, i, 100, PacketType.HOST, 0, 0, bytes, 0, 100);
      }
    }
    return CaptureFile.open(file);
  }

  /** Or Kafka could acknowledge more frames than are captured. */
  @Test
  void countsFramesBeforeTheyAreSent() throws IOException {
    try (CaptureFile file = file()) {
      PacketPump pump = pump(file);
      AtomicLong sent = new AtomicLong();
      pump.run(
          List.of(
              block -> assertThat(pump.captured()).isEqualTo(sent.addAndGet(block.frameCount()))));
      assertThat(sent).hasValue(FRAMES);
      assertThat(pump.capturedBytes()).isEqualTo(100 * FRAMES);
      assertThat(pump.loop()).isEqualTo(Loop.ENDED);
    }
  }

  /** A slow sink is not a loop that hangs. */
  @Test
  void tellsWhatItsLoopWaitsFor() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    try (CaptureFile file = file()) {
      PacketPump pump = pump(file);
      assertThat(pump.loop()).isEqualTo(Loop.NOT_STARTED);
      CompletableFuture<Void> running = start(pump, stalled);
      awaitSeconds(pump, Loop.DELIVERING, 0.2);
      stalled.countDown();
      running.get(10, TimeUnit.SECONDS);
    }
    CountDownLatch hanging = new CountDownLatch(1);
    try (HangingSource source = new HangingSource(hanging)) {
      PacketPump pump = pump(source);
      CompletableFuture<Void> running = start(pump, stalled);
      awaitSeconds(pump, Loop.POLLING, 0.2);
      hanging.countDown();
      running.get(10, TimeUnit.SECONDS);
      assertThat(pump.loop()).isEqualTo(Loop.ENDED);
    }
  }

  private static CompletableFuture<Void> start(PacketPump pump, CountDownLatch sink) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            pump.run(List.of(block -> await(sink)));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        },
        task -> new Thread(task).start());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitSeconds(PacketPump pump, Loop loop, double seconds) throws Exception {
    while (pump.loop() != loop || pump.loopSeconds() < seconds) {
      Thread.sleep(5);
    }
  }

  /** One whose poll does not come back in time. */
  private static final class HangingSource implements BlockSource {
    private final CountDownLatch end;

    HangingSource(CountDownLatch end) {
      this.end = end;
    }

    @Override
    public Block poll(int timeoutMillis) {
      PacketPumpTest.await(end);
      return null;
    }

    @Override
    public boolean isEnded() {
      return end.getCount() == 0;
    }

    @Override
    public void wake() {}

    @Override
    public void stop() {}

    @Override
    public CaptureStatistics statistics() {
      return new CaptureStatistics(0, 0, 0, 0);
    }

    @Override
    public void close() {}
  }
}
