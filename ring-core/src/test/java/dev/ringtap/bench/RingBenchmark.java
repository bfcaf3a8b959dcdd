package dev.ringtap.bench;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketBatchEncoder;
import dev.ringtap.record.PacketEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a frame costs on a block in memory: the walk, the record, and Avro's own encoder beside it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(5)
public class RingBenchmark {
  private static final int FRAMES = 500;
  private static final int BLOCK_BYTES = 1 << 20;

  @Param({"64", "512", "1500"})
  int frameBytes;

  private final Arena arena = Arena.ofShared();
  private final BlockBuilder builder = new BlockBuilder(arena, BLOCK_BYTES);
  private final MemorySegment batch = arena.allocate(BLOCK_BYTES + FRAMES * 128L);
  private final PacketEncoder encoder = PacketEncoder.singleObject();
  private final PacketBatchEncoder packer = PacketBatchEncoder.singleObject();
  private final List<Packet> packets = new ArrayList<>();
  private final SpecificDatumWriter<Packet> avro = new SpecificDatumWriter<>(Packet.class);
  private final ByteArrayOutputStream avroBytes = new ByteArrayOutputStream(BLOCK_BYTES);
  private BinaryEncoder avroEncoder;

  @Setup
  public void fill() throws IOException {
    builder.start("eth0", LinkType.ETHERNET, 262_144);
    byte[] bytes = new byte[frameBytes];
    for (int i = 0; i < FRAMES; i++) {
      long nanos = 1_767_225_600_000_000_000L + i;
      MemorySegment frame = MemorySegment.ofArray(bytes);
      builder.append(nanos, frameBytes, PacketType.HOST, 0, frame, 0, frameBytes);
    }
    try (Block block = builder.build(0, 0)) {
      for (Frame f = block.next(); f != null; f = block.next()) {
        packets.add(Packet.getDecoder().decode(encoder.encode(f)));
      }
    }
  }

  @TearDown
  public void release() {
    arena.close();
  }

  /** Header fields alone. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long walk() {
    long sum = 0;
    try (Block block = builder.build(0, 0)) {
      for (Frame f = block.next(); f != null; f = block.next()) {
        sum += f.timestampNanos() + f.capturedLength() + f.originalLength();
      }
    }
    return sum;
  }

  /** Complete records, one behind the other in one buffer. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodeBatch() {
    long at = 0;
    try (Block block = builder.build(0, 0)) {
      for (Frame f = block.next(); f != null; f = block.next()) {
        at = encoder.encode(f, batch, at);
      }
    }
    return at;
  }

  /** All frames in one record, and a byte array for that. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodePacked() {
    try (Block block = builder.build(0, 0)) {
      for (Frame f = block.next(); f != null; f = block.next()) {
        packer.add(f);
      }
    }
    return packer.finish().length;
  }

  /** A byte array for each record. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodeEach() {
    long bytes = 0;
    try (Block block = builder.build(0, 0)) {
      for (Frame f = block.next(); f != null; f = block.next()) {
        bytes += encoder.encode(f).length;
      }
    }
    return bytes;
  }

  /** Avro's specific record and reused encoder, the objects made before. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long avroLibrary() throws IOException {
    avroBytes.reset();
    avroEncoder = EncoderFactory.get().binaryEncoder(avroBytes, avroEncoder);
    for (Packet packet : packets) {
      avro.write(packet, avroEncoder);
    }
    avroEncoder.flush();
    return avroBytes.size();
  }
}
