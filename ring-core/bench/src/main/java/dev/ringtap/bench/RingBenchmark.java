package dev.ringtap.bench;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.RingMemory;
import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketBatchEncoder;
import dev.ringtap.record.PacketEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
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
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What a frame costs on a block in memory: the walk, the record, the same loops in C, and Avro's
 * own encoders.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class RingBenchmark {
  private static final int FRAMES = 500;
  private static final int BLOCK_BYTES = 1 << 20;
  private static final int TAG = 0x81002064;
  private static final int SINGLE_OBJECT_HEADER_BYTES = 10;

  private static final Duration WARMUP_TIME = Duration.ofSeconds(2);
  private static final CaptureId CAPTURE =
      new CaptureId("bench.example.com", "eth0", 1_767_225_600_000_000L, 0);

  @Param({"64", "512", "1500"})
  int frameBytes;

  /** Whether the frames had a tag that the kernel took off. */
  @Param({"false", "true"})
  boolean tagged;

  private final Arena arena = Arena.ofShared();
  private final BlockBuilder builder = new BlockBuilder(BLOCK_BYTES);
  private final byte[] batch = new byte[BLOCK_BYTES + FRAMES * 128];
  private final MemorySegment cBatch = arena.allocate(batch.length);
  private final PacketEncoder encoder = PacketEncoder.singleObject();
  private final BlockEncoder blockEncoder = BlockEncoder.singleObject();
  private MemorySegment blockMemory;
  private CLoops c;
  private final PacketBatchEncoder packer = PacketBatchEncoder.singleObject();
  private final List<Packet> packets = new ArrayList<>();
  private final List<GenericRecord> generics = new ArrayList<>();
  private final SpecificDatumWriter<Packet> specificWriter =
      new SpecificDatumWriter<>(Packet.class);
  private final GenericDatumWriter<GenericRecord> genericWriter =
      new GenericDatumWriter<>(Packet.getClassSchema());
  private final ByteArrayOutputStream avroBytes = new ByteArrayOutputStream(BLOCK_BYTES);
  private BinaryEncoder avroEncoder;

  /** Fills the block, and makes sure that all write the same bytes. */
  @Setup
  public void fill() throws IOException {
    builder.start(CAPTURE, LinkType.ETHERNET, 262_144);
    byte[] bytes = new byte[frameBytes];
    new Random(1).nextBytes(bytes);
    bytes[12] = 8;
    bytes[13] = 0;
    MemorySegment source = MemorySegment.ofArray(bytes);
    for (int i = 0; i < FRAMES; i++) {
      long nanos = 1_767_225_600_000_000_000L + i;
      builder.append(nanos, frameBytes, PacketType.HOST, tagged ? TAG : 0, source, 0, frameBytes);
    }
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    try (Block block = builder.build(0, 0)) {
      Frame f;
      while ((f = block.next()) != null) {
        blockMemory = RingMemory.of(f);
        byte[] record = encoder.encode(f);
        expected.write(record);
        packets.add(Packet.getDecoder().decode(record));
        generics.add(generic(record));
      }
    }
    c = new CLoops(arena, RecordStart.of(CAPTURE));
    byte[] ours = expected.toByteArray();
    check("encodeBatch", ours, Arrays.copyOf(batch, (int) encodeBatch()));
    check("encodeBlock", ours, blockRecords());
    check("cEncodeBatch", ours, cBatch.asSlice(0, cEncodeBatch()).toArray(JAVA_BYTE));
    if (walk() != cWalk()) {
      throw new IllegalStateException("C walks to another sum");
    }
  }

  private byte[] blockRecords() {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    try (Block block = builder.build(0, 0)) {
      while (blockEncoder.encode(block) > 0) {
        records.write(blockEncoder.bytes(), 0, blockEncoder.length());
      }
    }
    return records.toByteArray();
  }

  private static GenericRecord generic(byte[] record) throws IOException {
    return new GenericDatumReader<GenericRecord>(
            Packet.getClassSchema(), Packet.getClassSchema(), new GenericData())
        .read(
            null,
            DecoderFactory.get()
                .binaryDecoder(
                    record,
                    SINGLE_OBJECT_HEADER_BYTES,
                    record.length - SINGLE_OBJECT_HEADER_BYTES,
                    null));
  }

  private static void check(String who, byte[] expected, byte[] actual) {
    if (!Arrays.equals(expected, actual)) {
      throw new IllegalStateException(who + " writes other bytes than encode");
    }
  }

  /** Ends the block. */
  @TearDown
  public void release() {
    builder.close();
    arena.close();
  }

  /** Compiles the row's code for frames of all kinds, as a reader's is. */
  @Setup
  public void warmUp(BenchmarkParams benchmark) throws IOException {
    ToLongFunction<Block> row = row(benchmark.getBenchmark().replaceAll(".*\\.", ""));
    if (row != null) {
      try (var blocks = new dev.ringtap.capture.Warmup(WARMUP_TIME)) {
        while (!blocks.isEnded()) {
          try (Block block = blocks.poll(0)) {
            if (block != null) {
              row.applyAsLong(block);
            }
          }
        }
      }
    }
  }

  private ToLongFunction<Block> row(String method) {
    return switch (method) {
      case "walk" -> this::walk;
      case "encodeBatch" -> this::encodeBatch;
      case "encodeBlock" -> this::encodeBlock;
      case "encodePacked" -> this::encodePacked;
      case "encodeEach" -> this::encodeEach;
      case "encodeBlockEach" -> this::encodeBlockEach;
      default -> null;
    };
  }

  /** Header fields alone. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long walk() {
    try (Block block = builder.build(0, 0)) {
      return walk(block);
    }
  }

  private long walk(Block block) {
    long sum = 0;
    Frame f;
    while ((f = block.next()) != null) {
      sum += f.timestampNanos() + f.payloadLength() + f.originalLength();
    }
    return sum;
  }

  /** As {@link #walk}, in C. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long cWalk() {
    return c.walk(blockMemory);
  }

  /** Complete records, back to back in one buffer, frame by frame. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodeBatch() {
    try (Block block = builder.build(0, 0)) {
      return encodeBatch(block);
    }
  }

  private long encodeBatch(Block block) {
    int at = 0;
    Frame f;
    while ((f = block.next()) != null) {
      at = encoder.encode(f, batch, at);
    }
    return at;
  }

  /** The same records, the block at once. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodeBlock() {
    try (Block block = builder.build(0, 0)) {
      return encodeBlock(block);
    }
  }

  private long encodeBlock(Block block) {
    long bytes = 0;
    while (blockEncoder.encode(block) > 0) {
      bytes += blockEncoder.length();
    }
    return bytes;
  }

  /** As {@link #encodeBatch}, in C. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long cEncodeBatch() {
    return c.encode(blockMemory, cBatch);
  }

  /** All frames in one record, and a byte array for that. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodePacked() {
    try (Block block = builder.build(0, 0)) {
      return encodePacked(block);
    }
  }

  private long encodePacked(Block block) {
    Frame f;
    while ((f = block.next()) != null) {
      packer.add(f);
    }
    return packer.finish().length;
  }

  /** A byte array for each record, frame by frame. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodeEach() {
    try (Block block = builder.build(0, 0)) {
      return encodeEach(block);
    }
  }

  private long encodeEach(Block block) {
    long bytes = 0;
    Frame f;
    while ((f = block.next()) != null) {
      bytes += encoder.encode(f).length;
    }
    return bytes;
  }

  /** A byte array for each record, the block at once. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encodeBlockEach() {
    try (Block block = builder.build(0, 0)) {
      return encodeBlockEach(block);
    }
  }

  private long encodeBlockEach(Block block) {
    long bytes = 0;
    int records;
    while ((records = blockEncoder.encode(block)) > 0) {
      byte[] run = blockEncoder.bytes();
      for (int i = 0; i < records; i++) {
        bytes += Arrays.copyOfRange(run, blockEncoder.start(i), blockEncoder.end(i)).length;
      }
    }
    return bytes;
  }

  /** Avro's specific records and reused encoder, the objects made before. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long avroSpecific() throws IOException {
    startAvro();
    for (Packet packet : packets) {
      specificWriter.write(packet, avroEncoder);
    }
    avroEncoder.flush();
    return avroBytes.size();
  }

  /** Avro's generic records and reused encoder, the objects made before. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long avroGeneric() throws IOException {
    startAvro();
    for (GenericRecord packet : generics) {
      genericWriter.write(packet, avroEncoder);
    }
    avroEncoder.flush();
    return avroBytes.size();
  }

  private void startAvro() {
    avroBytes.reset();
    avroEncoder = EncoderFactory.get().binaryEncoder(avroBytes, avroEncoder);
  }
}
