package dev.ringtap.record;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.RawFrames;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the frames of a block as Avro records of {@code Packet.avsc}, run by run: the records of
 * a run lie back to back in one array, which the next run overwrites. The bytes are {@link
 * PacketEncoder}'s.
 *
 * <pre>{@code
 * try (Block block = source.poll(100)) {
 *   int records;
 *   while ((records = encoder.encode(block)) > 0) {
 *     for (int i = 0; i < records; i++) {
 *       out.write(encoder.bytes(), encoder.start(i), encoder.end(i) - encoder.start(i));
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Frames of cooked and filtered captures are encoded one by one, which takes longer. Allocates
 * nothing once its array has room for the longest frame. Not thread-safe: an encoder for each
 * thread.
 */
public final class BlockEncoder {
  static final int MAX_RECORDS = 256;

  /** A run ends after the record that exceeds it: its records stay in the nearer caches. */
  static final int RUN_BYTES = 96 << 10;

  private static final int STEP_BYTES = 4 * Long.BYTES;
  private static final int TAG_BYTES = 4;
  private static final int TAG_AT = 12;
  private static final int NANOS_BYTES = 9;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** Longer frames are left to the encoder of single frames: both lengths have two bytes here. */
  private static final int MAX_FAST_BYTES = Varint.MAX_IN_TWO_BYTES - TAG_BYTES;

  /** The longest sequence number here: zig-zag in seven bytes. */
  private static final int SEQUENCE_BITS = 48;

  /** What is written from a record's start to its end at most, and after it. */
  private static final int MAX_AFTER_START_BYTES =
      CachedFields.IN_WORDS_BYTES + 8 * Varint.ROOM_BYTES + MAX_FAST_BYTES + TAG_BYTES;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle BE_INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private final PacketEncoder frameEncoder;
  private final RawFrames raw = new RawFrames(MethodHandles.lookup());

  private byte[] bytes = new byte[RUN_BYTES];
  private final long[] timestamps = new long[MAX_RECORDS];

  /** Index 0 holds 0: the start of a record is the end of the one before. */
  private final int[] ends = new int[MAX_RECORDS + 1];

  private final int[] payloads = new int[MAX_RECORDS];
  private final CaptureId[] captures = new CaptureId[MAX_RECORDS];
  private final int[] linkTypes = new int[MAX_RECORDS];
  private int records;

  /** The last tag, encoded. */
  private int tag;

  private long tagField;
  private int tagFieldBytes;
  private final byte[] scratch = new byte[2 * Varint.ROOM_BYTES];

  /** Met after the records of the last run, and the block that it is of. */
  private @Nullable CorruptBlockException fault;

  private @Nullable Block faulty;

  private BlockEncoder(PacketEncoder frameEncoder) {
    this.frameEncoder = frameEncoder;
  }

  /** Avro's single-object encoding, as {@link PacketEncoder#singleObject}. */
  public static BlockEncoder singleObject() {
    return new BlockEncoder(PacketEncoder.singleObject());
  }

  /**
   * The wire format of schema registries, as {@link PacketEncoder#registry}.
   *
   * @param schemaId the number that the registry gave to {@link PacketSchema#published}
   */
  public static BlockEncoder registry(int schemaId) {
    return new BlockEncoder(PacketEncoder.registry(schemaId));
  }

  /** Items of {@link PacketBatch}es, for {@link PacketBatchEncoder#add(BlockEncoder, int)}. */
  public static BlockEncoder batchItems() {
    return new BlockEncoder(PacketEncoder.batched());
  }

  /**
   * Encodes the block's next frames.
   *
   * @return the number of records; 0 after the last frame
   * @throws CorruptBlockException if the next frame cannot be read; earlier runs have those before
   * @throws IllegalStateException if the block was released or its source closed, also while the
   *     run was encoded; the run is void then
   */
  public int encode(Block block) {
    records = 0;
    throwFaultOf(block);
    boolean plain = raw.show(block);
    try {
      do {
        if (plain) {
          encodePlain(block);
        }
      } while (records < MAX_RECORDS && ends[records] < RUN_BYTES && encodeFrame(block.next()));
    } catch (CorruptBlockException e) {
      requireLeased();
      if (records == 0) {
        throw e;
      }
      fault = e;
      faulty = block;
    } catch (RuntimeException e) {
      requireLeased();
      records = 0;
      throw e;
    }
    requireLeased();
    return records;
  }

  private void throwFaultOf(Block block) {
    CorruptBlockException met = faulty == block ? fault : null;
    fault = null;
    faulty = null;
    if (met != null) {
      throw met;
    }
  }

  private void requireLeased() {
    try {
      raw.requireLeased();
    } catch (IllegalStateException e) {
      records = 0;
      throw e;
    }
  }

  /** Encodes one frame by the encoder of single frames; false after the last one. */
  private boolean encodeFrame(@Nullable Frame frame) {
    if (frame == null) {
      return false;
    }
    int at = ends[records];
    ensureRoom(Math.addExact(at, frameEncoder.maxEncodedLength(frame)));
    int end = frameEncoder.encode(frame, bytes, at);
    timestamps[records] = frame.timestampNanos();
    payloads[records] = end - frame.payloadLength();
    captures[records] = frame.capture();
    linkTypes[records] = frame.linkType();
    records++;
    ends[records] = end;
    return true;
  }

  /** Encodes the frames up to one that the loop below leaves to {@link #encodeFrame}. */
  private void encodePlain(Block block) {
    long sequence = raw.sequence();
    if (raw.lostBefore() == 0
        && sequence >>> SEQUENCE_BITS == 0
        && block.snapLengthBytes() >= STEP_BYTES + TAG_BYTES) {
      CachedFields start = frameEncoder.start(block.capture());
      ensureRoom(RUN_BYTES + start.length() + MAX_AFTER_START_BYTES);
      int first = records;
      raw.pin();
      try {
        encodeRun(start, sequence, block.linkType(), block.snapLengthBytes());
      } finally {
        raw.unpin();
      }
      Arrays.fill(captures, first, records, block.capture());
      Arrays.fill(linkTypes, first, records, block.linkType());
    }
  }

  /**
   * One loop, since each call in it would make the compiler keep its variables in memory. The
   * fields are written by stores of eight bytes, of which later fields overwrite the rest; of some
   * that follow each other the last one is written first, which spares the checks of those between.
   */
  private void encodeRun(CachedFields start, long firstSequence, int linkType, int snapLength) {
    RawFrames raw = this.raw;
    byte[] to = bytes;
    int[] ends = this.ends;
    int[] payloads = this.payloads;
    long[] timestamps = this.timestamps;
    int startBytes = start.length();
    long[] startWords = start.words();
    long end = raw.end();
    long highestHeader = end - RawFrames.HEADERS_BYTES;
    int putBackBytes = raw.putTagsBack() ? TAG_BYTES : 0;
    int longest = Math.min(MAX_FAST_BYTES, snapLength - TAG_BYTES) - STEP_BYTES;

    // spread over seven bits a byte; with the other bits set, adding 2 carries over them
    long sequence = Varint.spread(firstSequence << 1) | Varint.CONTINUES;
    int sequenceBytes = Varint.length(firstSequence);
    long sequenceMask = ~(1L << Byte.SIZE * sequenceBytes - 1);
    long ofThatLength = Varint.endOfLength(sequenceBytes) - firstSequence;

    int linkTypeBytes = Varint.put(scratch, 0, linkType);
    long linkTypeField = (long) LONGS.get(scratch, 0) & (1L << Byte.SIZE * linkTypeBytes) - 1;
    int kindShift = Byte.SIZE * linkTypeBytes + 1;
    int wireAndKindBytes = 4 + linkTypeBytes;

    int first = records;
    int until = first + (int) Math.min(Math.min(raw.left(), MAX_RECORDS - first), ofThatLength);
    int i = first;
    int at = ends[i];
    long lastHeaderRead = -1;
    long next = raw.header();
    while (i < until && at < RUN_BYTES) {
      long header = next & RawFrames.HEADER_ADDRESS;
      if (header != next || header > highestHeader) {
        break;
      }
      long nextAndSeconds = raw.nextAndSeconds(header);
      long nanosAndLength = raw.nanosAndLength(header);
      long lengthAndStatus = raw.originalLengthAndStatus(header);
      long rawTag = raw.tag(header);
      int toFrame = raw.toFrame(header);
      int type = raw.packetType(header);
      int length = (int) (nanosAndLength >>> Integer.SIZE);
      int originalLength = (int) lengthAndStatus;
      int status = (int) (lengthAndStatus >>> Integer.SIZE);
      long frame = header + toFrame;
      long zigZagNanos =
          (nextAndSeconds >>> Integer.SIZE) * (2 * NANOS_PER_SECOND)
              + ((nanosAndLength & 0xFFFF_FFFFL) << 1);
      if (toFrame < RawFrames.HEADERS_BYTES
          || Integer.compareUnsigned(length - STEP_BYTES, longest) > 0
          || Integer.compareUnsigned(originalLength, MAX_FAST_BYTES) > 0
          || frame + length > end
          || zigZagNanos >>> 56 == 0) {
        break;
      }
      int frameTag = RawFrames.strippedTag(status, rawTag);
      int putBack = 0;
      if (frameTag != 0) {
        putBack = putBackBytes;
      } else if (linkType == LinkType.ETHERNET) {
        frameTag = raw.insideTag(frame);
      }

      timestamps[i] = zigZagNanos >>> 1;
      LONGS.set(to, at + 24, startWords[3]);
      LONGS.set(to, at, startWords[0]);
      LONGS.set(to, at + 8, startWords[1]);
      LONGS.set(to, at + 16, startWords[2]);
      if (startBytes > STEP_BYTES) {
        LONGS.set(to, at + 56, startWords[7]);
        LONGS.set(to, at + 32, startWords[4]);
        LONGS.set(to, at + 40, startWords[5]);
        LONGS.set(to, at + 48, startWords[6]);
        if (startBytes > 2 * STEP_BYTES) {
          System.arraycopy(
              start.bytes(), 2 * STEP_BYTES, to, at + 2 * STEP_BYTES, startBytes - 2 * STEP_BYTES);
        }
      }
      at += startBytes;
      LONGS.set(to, at, Varint.spread(zigZagNanos) | Varint.CONTINUES);
      LONGS.set(to, at + 8, zigZagNanos >>> 56 | (sequence & sequenceMask) << Byte.SIZE);
      at += NANOS_BYTES + sequenceBytes;
      sequence = sequence + 2 | Varint.CONTINUES;
      // the first byte is that of no loss; packet type and flags have one byte each
      int wireLength = originalLength + putBack;
      int moreOfWire = Varint.secondBytes(wireLength);
      long kind = type | (long) RawFrames.flags(status) << Byte.SIZE;
      long wireAndKind =
          (linkTypeField | kind << kindShift) << Byte.SIZE * (1 + moreOfWire)
              | Varint.oneOrTwo(wireLength);
      LONGS.set(to, at, wireAndKind << Byte.SIZE);
      at += wireAndKindBytes + moreOfWire;
      int payloadLength = length + putBack;
      int lengthField = Varint.oneOrTwo(payloadLength);
      if (frameTag == 0) {
        INTS.set(to, at, lengthField << Byte.SIZE);
        at++;
      } else {
        if (frameTag != tag) {
          encodeTag(frameTag);
        }
        LONGS.set(to, at, tagField);
        at += tagFieldBytes;
        SHORTS.set(to, at, (short) lengthField);
      }
      at += 1 + Varint.secondBytes(payloadLength);

      payloads[i] = at;
      int data = at + putBack;
      if (length <= 2 * STEP_BYTES) {
        // two steps, which overlap
        int rest = length - STEP_BYTES & 0xFFFF;
        long last = frame + rest;
        int lastTo = data + rest;
        LONGS.set(to, data + 24, raw.eight(frame + 24));
        LONGS.set(to, data, raw.eight(frame));
        LONGS.set(to, data + 8, raw.eight(frame + 8));
        LONGS.set(to, data + 16, raw.eight(frame + 16));
        LONGS.set(to, lastTo + 24, raw.eight(last + 24));
        LONGS.set(to, lastTo, raw.eight(last));
        LONGS.set(to, lastTo + 8, raw.eight(last + 8));
        LONGS.set(to, lastTo + 16, raw.eight(last + 16));
      } else {
        raw.copy(frame, to, data, length);
      }
      if (putBack != 0) {
        LONGS.set(to, at, (long) LONGS.get(to, data));
        INTS.set(to, at + 8, (int) INTS.get(to, data + 8));
        BE_INTS.set(to, at + TAG_AT, frameTag);
      }
      at += payloadLength;
      i++;
      ends[i] = at;
      lastHeaderRead = header;
      long offset = nextAndSeconds & 0xFFFF_FFFFL;
      next = offset < toFrame + length ? -1 : header + offset;
    }
    raw.passed(i - first, lastHeaderRead, next);
    records = i;
  }

  private void encodeTag(int frameTag) {
    tag = frameTag;
    tagFieldBytes = PacketEncoder.putTag(scratch, 0, frameTag);
    tagField = (long) LONGS.get(scratch, 0);
  }

  private void ensureRoom(int needed) {
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + (bytes.length >> 1)));
    }
  }

  /**
   * The records of the last run, from index 0 on; another array if one of them needed more room.
   */
  public byte[] bytes() {
    return bytes;
  }

  /** Bytes of the last run's records. */
  public int length() {
    return ends[records];
  }

  /** Records of the last run. */
  public int records() {
    return records;
  }

  /** Index of a record's first byte. */
  public int start(int record) {
    return ends[record];
  }

  /** Index after a record's last byte. */
  public int end(int record) {
    return ends[record + 1];
  }

  /** Index of the first byte of a record's payload, which ends with the record. */
  public int payloadStart(int record) {
    return payloads[record];
  }

  /** {@link Frame#capture} of a record. */
  public CaptureId capture(int record) {
    return captures[record];
  }

  /** {@link Frame#linkType} of a record. */
  public int linkType(int record) {
    return linkTypes[record];
  }

  /** {@link Frame#timestampNanos} of a record. */
  public long timestampNanos(int record) {
    return timestamps[record];
  }
}
