package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.record.PacketBatchEncoder;
import dev.ringtap.record.PacketRecords;
import dev.ringtap.testkit.BrokenBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When a record ends. */
@Timeout(20)
class RecordBatcherTest {
  private static final int FRAMES = 10;
  private static final int FRAME_BYTES = 100;

  @TempDir Path directory;

  /** Frames of each record, and the length of its value. */
  private final List<Integer> sent = new ArrayList<>();

  private final List<Integer> lengths = new ArrayList<>();
  private final DeliveryFailures failures = new DeliveryFailures("test");
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = directory.resolve("frames.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth0"), LinkType.ETHERNET, 262_144);
      MemorySegment frame = MemorySegment.ofArray(new byte[FRAME_BYTES]);
      for (int i = 0; i < FRAMES; i++) {
        writer.write(id, 1 + i, FRAME_BYTES, PacketType.HOST, 0, 0, frame, 0, FRAME_BYTES);
      }
    }
  }

  private RecordBatcher batcher(RecordLimits limits) {
    return new RecordBatcher(
        "topic",
        RecordKey.NONE,
        1,
        limits,
        PacketBatchEncoder::singleObject,
        (record, frames) -> {
          byte[] value = record.value();
          try {
            assertThat(new PacketRecords().read(value)).hasSize(frames);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          sent.add(frames);
          lengths.add(value.length);
        });
  }

  private void pump(FrameSink.FrameWriter writer, long quota) throws IOException {
    try (CaptureFile source = CaptureFile.open(file)) {
      pump(source, writer, quota);
    }
  }

  private void pump(BlockSource source, FrameSink.FrameWriter writer, long quota)
      throws IOException {
    new PacketPump(source, List.of(failures), new FrameQuota(quota), new ReentrantLock())
        .run(List.of(writer));
  }

  @Test
  void atTheNumberOfFramesAndWithTheBlock() throws IOException {
    pump(batcher(new RecordLimits(4, 1 << 20)), 0);
    assertThat(sent).containsExactly(4, 4, 2);
  }

  @Test
  void atTheNumberOfBytesAndFramesThatAreLongerAreAlone() throws IOException {
    pump(batcher(new RecordLimits(AgentConfig.KafkaTarget.ANY_NUMBER, 600)), 0);
    assertThat(sent.stream().mapToInt(Integer::intValue).sum()).isEqualTo(FRAMES);
    assertThat(sent.get(0)).isGreaterThan(1);
    assertThat(lengths).hasSizeGreaterThan(1).allMatch(length -> length <= 600);
    sent.clear();
    pump(batcher(new RecordLimits(AgentConfig.KafkaTarget.ANY_NUMBER, 99)), 0);
    assertThat(sent).hasSize(FRAMES).containsOnly(1);
  }

  @Test
  void whenTheRunHasTakenItsLastFrame() throws IOException {
    pump(batcher(new RecordLimits(AgentConfig.KafkaTarget.ANY_NUMBER, 1 << 20)), 7);
    assertThat(sent).containsExactly(7);
  }

  /** The third frame claims more bytes than the block has, as seen from the second. */
  @Test
  void whereTheBlockIsCorrupt() throws IOException {
    try (CaptureFile source = CaptureFile.open(file)) {
      BlockSource broken =
          (BlockSource)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {BlockSource.class},
                  (proxy, method, arguments) -> {
                    Object result = method.invoke(source, arguments);
                    if (result instanceof Block block) {
                      block.next();
                      BrokenBlock.breakBehind(block.next());
                      block.rewind(block.frameCount());
                    }
                    return result;
                  });
      pump(broken, batcher(new RecordLimits(AgentConfig.KafkaTarget.ANY_NUMBER, 1 << 20)), 0);
    }
    assertThat(sent).containsExactly(2);
    assertThat(failures.counts()).containsEntry("CorruptBlock", (long) FRAMES - 2);
  }
}
