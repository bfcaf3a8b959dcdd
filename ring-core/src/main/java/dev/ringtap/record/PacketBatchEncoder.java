package dev.ringtap.record;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gathers frames of one capture into one Avro record of {@code PacketBatch.avsc}, which has what
 * they share once. Each is copied out of the ring as it is added, its VLAN tag put back, by the
 * encoder of single records; nothing is allocated for it but room in a buffer that stays.
 *
 * <pre>{@code
 * if (encoder.frames() > 0 && encoder.maxLengthWith(frame) > limit) {
 *   send(encoder.finish());
 * }
 * encoder.add(frame);
 * }</pre>
 *
 * <p>The bytes are those of Avro's own encoder (Avro 1.12 specification, "Arrays"): one block of
 * items after their number, then a block of none.
 *
 * <p>Not thread-safe: an encoder for each thread.
 */
public final class PacketBatchEncoder {
  private static final int FIRST_BUFFER_BYTES = 16 << 10;
  private static final int END_OF_ARRAY_BYTES = 1;

  private final PacketEncoder items = PacketEncoder.batched();
  private final byte[] header;

  /** The capture of the frames, and what the record has of it, its header before. */
  private CaptureId capture;

  private byte[] start;

  /** The capture of the last frame: another object if its interface is another. */
  private @Nullable CaptureId lastCapture;

  private final byte[] count = new byte[Varint.ROOM_BYTES];
  private byte[] buffer = new byte[FIRST_BUFFER_BYTES];
  private int used;
  private int frames;

  private PacketBatchEncoder(byte[] header) {
    this.header = header;
    use(CaptureId.on(""));
  }

  /** Avro's single-object encoding, as {@link PacketEncoder#singleObject}. */
  public static PacketBatchEncoder singleObject() {
    return new PacketBatchEncoder(PacketEncoder.singleObjectHeader(PacketBatch.getClassSchema()));
  }

  /**
   * The wire format of schema registries, as {@link PacketEncoder#registry}.
   *
   * @param schemaId the number that the registry gave to {@link PacketSchema#publishedBatch}
   */
  public static PacketBatchEncoder registry(int schemaId) {
    return new PacketBatchEncoder(WireFormat.registryHeader(schemaId));
  }

  /** Frames that were added since the last {@link #finish}. */
  public int frames() {
    return frames;
  }

  /** Bytes of the record if this frame is added too, at most. */
  public long maxLengthWith(Frame frame) {
    return (long) start.length
        + Varint.ROOM_BYTES
        + used
        + items.maxEncodedLength(frame)
        + END_OF_ARRAY_BYTES;
  }

  /**
   * Adds a frame.
   *
   * @throws IllegalStateException if the frames before are of another capture: end the record with
   *     the block
   * @throws ArithmeticException if the record would have 2 GiB or more
   */
  public void add(Frame frame) {
    if (frame.capture() != lastCapture) {
      change(frame.capture());
    }
    long needed = (long) used + items.maxEncodedLength(frame);
    if (needed > buffer.length) {
      grow(Math.toIntExact(needed));
    }
    used = items.encode(frame, buffer, used);
    frames++;
  }

  /**
   * Bytes of the record, which has frames already, if this one is added too, at most.
   *
   * @param items of {@link BlockEncoder#batchItems}
   */
  public long maxLengthWith(BlockEncoder items, int record) {
    return (long) start.length
        + Varint.ROOM_BYTES
        + used
        + items.end(record)
        - items.start(record)
        + END_OF_ARRAY_BYTES;
  }

  /**
   * Adds a frame that is encoded already.
   *
   * @param items of {@link BlockEncoder#batchItems}
   * @throws IllegalStateException as {@link #add(Frame)}
   * @throws ArithmeticException as {@link #add(Frame)}
   */
  public void add(BlockEncoder items, int record) {
    if (items.capture(record) != lastCapture) {
      change(items.capture(record));
    }
    int from = items.start(record);
    int length = items.end(record) - from;
    long needed = (long) used + length;
    if (needed > buffer.length) {
      grow(Math.toIntExact(needed));
    }
    System.arraycopy(items.bytes(), from, buffer, used, length);
    used += length;
    frames++;
  }

  private void change(CaptureId to) {
    boolean same =
        to.startMicros() == capture.startMicros()
            && to.member() == capture.member()
            && to.host().equals(capture.host());
    if (!same) {
      if (frames != 0) {
        throw new IllegalStateException(
            "a frame of " + to + " in a record of " + capture + "; finish the record first");
      }
      use(to);
    }
    lastCapture = to;
  }

  private void use(CaptureId of) {
    capture = of;
    start = PacketEncoder.batchStart(header, of);
  }

  private void grow(int needed) {
    buffer = Arrays.copyOf(buffer, Math.max(needed, 2 * buffer.length));
  }

  /**
   * Ends the record; the next frame is the first of another.
   *
   * @return a record of its own, exactly as long as it needs to be
   */
  public byte[] finish() {
    int countBytes = frames == 0 ? 0 : Varint.put(count, 0, frames);
    byte[] record = new byte[start.length + countBytes + used + END_OF_ARRAY_BYTES];
    System.arraycopy(start, 0, record, 0, start.length);
    System.arraycopy(count, 0, record, start.length, countBytes);
    System.arraycopy(buffer, 0, record, start.length + countBytes, used);
    // the last byte is the array's end, 0
    used = 0;
    frames = 0;
    return record;
  }
}
