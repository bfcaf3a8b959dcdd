package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the encoder against Avro's own encoder and decoder. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class PacketEncoderTest {
  private static final int SNAP_LENGTH = 262_144;
  private static final int NO_TAG = 0;

  private static final int SCHEMA_ID = 0xCAFE0102;

  private final Random random = new Random(7);
  private final PacketEncoder encoder = PacketEncoder.singleObject();
  private final PacketEncoder registryEncoder = PacketEncoder.registry(SCHEMA_ID);

  /** One frame in a ring, and what its record must be. */
  private Packet check(
      long timestamp,
      long sequence,
      long lostBefore,
      int originalLength,
      PacketType type,
      int strippedTag,
      int snapLength,
      byte[] inRing,
      byte[] payload)
      throws IOException {
    try (BlockBuilder builder = new BlockBuilder(BlockBuilder.blockSizeBytes(inRing.length) + 64)) {
      CaptureId capture = randomCapture();
      builder.start(capture, LinkType.ETHERNET, snapLength);
      int flags = random.nextInt(8);
      builder.flags(flags);
      assertThat(
              builder.append(
                  timestamp,
                  originalLength,
                  type,
                  strippedTag,
                  MemorySegment.ofArray(inRing),
                  0,
                  inRing.length))
          .isTrue();
      try (Block block = builder.build(sequence, lostBefore)) {
        Frame frame = block.next();
        byte[] bytes = encoder.encode(frame);
        Packet packet = Packet.getDecoder().decode(bytes);
        assertThat(bytes).isEqualTo(avroBytes(packet));

        byte[] buffer = new byte[4 + bytes.length + random.nextInt(100)];
        Arrays.fill(buffer, (byte) 0x55);
        int end = encoder.encode(frame, buffer, 3);
        assertThat(Arrays.copyOfRange(buffer, 3, end)).isEqualTo(bytes);
        assertThat(Arrays.copyOf(buffer, 3)).containsOnly(0x55);
        assertThat(Arrays.copyOfRange(buffer, end, buffer.length)).containsOnly(0x55);
        assertThatThrownBy(() -> encoder.encode(frame, buffer, buffer.length - bytes.length + 1))
            .isInstanceOf(IndexOutOfBoundsException.class);

        byte[] framed = registryEncoder.encode(frame);
        assertThat(ByteBuffer.wrap(framed).get()).isZero();
        assertThat(ByteBuffer.wrap(framed).getInt(1)).isEqualTo(SCHEMA_ID);
        assertThat(Arrays.copyOfRange(framed, 5, framed.length))
            .isEqualTo(Arrays.copyOfRange(bytes, 10, bytes.length));

        assertThat(packet.getTimestamp())
            .isEqualTo(Instant.ofEpochSecond(timestamp / 1_000_000_000, timestamp % 1_000_000_000));
        assertThat(PacketFields.capture(packet)).isEqualTo(capture);
        assertThat(packet.getFlags()).isEqualTo(flags);
        assertThat(packet.getSequence()).isEqualTo(sequence);
        assertThat(packet.getLostBefore()).isEqualTo(lostBefore);
        assertThat(packet.getLinkType()).isEqualTo(1);
        assertThat(packet.getPacketType().name()).isEqualTo(type.name());
        assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(payload));
        return packet;
      }
    }
  }

  /** A few, with names of all lengths, so that some come again. */
  private CaptureId randomCapture() {
    int which = random.nextInt(400);
    return new CaptureId(
        "h".repeat(which % 90),
        "eth" + which % 7,
        which % 5 == 0 ? 0 : 1_767_225_600_000_000L + which,
        which % 3);
  }

  private static byte[] avroBytes(Packet packet) throws IOException {
    ByteBuffer bytes = packet.toByteBuffer();
    byte[] array = new byte[bytes.remaining()];
    bytes.get(array);
    return array;
  }

  private static byte[] frame(int length, int... tags) {
    byte[] frame = new byte[length];
    new Random(length).nextBytes(frame);
    int at = 12;
    for (int tag : tags) {
      ByteBuffer.wrap(frame).putInt(at, tag);
      at += 4;
    }
    if (length >= at + 2) {
      ByteBuffer.wrap(frame).putShort(at, (short) 0x0800);
    }
    return frame;
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 2, 11, 12, 13, 15, 16, 59, 60, 64, 1514, 9014, 65_535, 65_536, SNAP_LENGTH})
  void everyLengthIsAvros(int length) throws IOException {
    byte[] frame = frame(length);
    Packet packet =
        check(
            1_767_225_600_123_456_789L,
            0,
            0,
            length,
            PacketType.HOST,
            NO_TAG,
            SNAP_LENGTH,
            frame,
            frame);
    assertThat(packet.getOriginalLength()).isEqualTo(length);
    assertThat(packet.getVlan()).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 13, 14, 60, 1514, 65_536})
  void strippedTagIsPutBack(int length) throws IOException {
    byte[] inRing = frame(length);
    ByteBuffer payload = ByteBuffer.allocate(length + 4);
    payload.put(inRing, 0, 12).putInt(0x88A8B064).put(inRing, 12, length - 12);
    Packet packet =
        check(
            1,
            7,
            9,
            length,
            PacketType.OTHERHOST,
            0x88A8B064,
            SNAP_LENGTH,
            inRing,
            payload.array());
    assertThat(packet.getOriginalLength()).isEqualTo(length + 4);
    assertThat(packet.getVlan()).isEqualTo(new Vlan(0x88A8, 100, 5, true));
  }

  @Test
  void priorityTagHasIdZero() throws IOException {
    byte[] inRing = frame(60);
    ByteBuffer payload = ByteBuffer.allocate(64);
    payload.put(inRing, 0, 12).putInt(0x81006000).put(inRing, 12, 48);
    Packet packet =
        check(1, 0, 0, 60, PacketType.HOST, 0x81006000, SNAP_LENGTH, inRing, payload.array());
    assertThat(packet.getVlan()).isEqualTo(new Vlan(0x8100, 0, 3, false));
  }

  @Test
  void ofTwoTagsTheOuterIsReported() throws IOException {
    byte[] inRing = frame(60, 0x81000065);
    ByteBuffer payload = ByteBuffer.allocate(64);
    payload.put(inRing, 0, 12).putInt(0x88A80064).put(inRing, 12, 48);
    Packet packet =
        check(1, 0, 0, 60, PacketType.HOST, 0x88A80064, SNAP_LENGTH, inRing, payload.array());
    assertThat(packet.getVlan().getId()).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x8100, 0x88A8, 0x9100})
  void tagThatIsStillInTheFrameIsReported(int tpid) throws IOException {
    byte[] frame = frame(60, tpid << 16 | 0x3FFF);
    Packet packet = check(1, 0, 0, 60, PacketType.OUTGOING, NO_TAG, SNAP_LENGTH, frame, frame);
    assertThat(packet.getVlan()).isEqualTo(new Vlan(tpid, 0xFFF, 1, true));
    assertThat(packet.getOriginalLength()).isEqualTo(60);
  }

  @Test
  void truncatedFrameKeepsItsOriginalLength() throws IOException {
    byte[] inRing = frame(96);
    Packet packet = check(1, 0, 0, 1500, PacketType.HOST, NO_TAG, 96, inRing, inRing);
    assertThat(packet.getOriginalLength()).isEqualTo(1500);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 12, 13, 14, 15, 16, 17, 96, 99})
  void putBackTagCountsForTheSnapLength(int snapLength) throws IOException {
    byte[] inRing = frame(snapLength);
    byte[] payload = inRing;
    if (snapLength >= 12) {
      ByteBuffer whole = ByteBuffer.allocate(snapLength + 4);
      whole.put(inRing, 0, 12).putInt(0x81000064).put(inRing, 12, snapLength - 12);
      payload = Arrays.copyOf(whole.array(), snapLength);
    }
    check(1, 0, 0, 1500, PacketType.HOST, 0x81000064, snapLength, inRing, payload);
  }

  @Test
  void randomValuesOfEveryFieldAreAvros() throws IOException {
    Random random = new Random(42);
    for (int i = 0; i < 2000; i++) {
      byte[] frame = frame(random.nextInt(200));
      // the kernel's seconds have 32 bits
      long timestamp =
          (random.nextLong() >>> 33) * 2 * 1_000_000_000L + random.nextInt(1_000_000_000);
      check(
          timestamp,
          random.nextLong() >>> 1 + random.nextInt(62),
          random.nextLong() >>> 1 + random.nextInt(62),
          random.nextInt(70_000),
          PacketType.values()[random.nextInt(5)],
          NO_TAG,
          SNAP_LENGTH,
          frame,
          frame);
    }
  }
}
