package dev.ringtap.record;

import dev.ringtap.capture.Frame;
import java.util.Arrays;

/**
 * Gathers frames into one Avro record of {@code PacketBatch.avsc}. Each is copied out of the ring
 * as it is added, its VLAN tag put back, by the encoder of single records; nothing is allocated for
 * it but room in a buffer that stays.
 *
 * <pre>{@code
 * if (encoder.frames() > 0 && encoder.maxLengthWith(frame) > limit) {
 *   send(encoder.finish());
 * }
 * encoder.add(frame);
 * }</pre>
 *
 * <p>The bytes are those of Avro's own encoder (Avro 1.12 specification, "Arrays"): one block of
 * items behind their number, then a block of none.
 *
 * <p>Not thread-safe: an encoder for each thread.
 */
public final class PacketBatchEncoder {
  private static final int FIRST_BUFFER_BYTES = 16 << 10;
  private static final int END_OF_ARRAY_BYTES = 1;

  private final PacketEncoder items = PacketEncoder.headless();

  /** The header, then room for the number of items. */
  private final byte[] prefix;

  private final int headerBytes;

  private byte[] buffer = new byte[FIRST_BUFFER_BYTES];
  private int used;
  private int frames;

  private PacketBatchEncoder(byte[] header) {
    headerBytes = header.length;
    prefix = Arrays.copyOf(header, header.length + Varint.ROOM_BYTES);
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
    return new PacketBatchEncoder(PacketEncoder.registryHeader(schemaId));
  }

  /** Frames that were added since the last {@link #finish}. */
  public int frames() {
    return frames;
  }

  /** Bytes of the record if this frame is added too, at most. */
  public long maxLengthWith(Frame frame) {
    return (long) prefix.length + used + items.maxEncodedLength(frame) + END_OF_ARRAY_BYTES;
  }

  /**
   * Adds a frame.
   *
   * @throws ArithmeticException if the record would have 2 GiB or more
   */
  public void add(Frame frame) {
    long needed = (long) used + items.maxEncodedLength(frame);
    if (needed > buffer.length) {
      grow(Math.toIntExact(needed));
    }
    used = items.encode(frame, buffer, used);
    frames++;
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
    int prefixBytes = frames == 0 ? headerBytes : Varint.put(prefix, headerBytes, frames);
    byte[] record = new byte[prefixBytes + used + END_OF_ARRAY_BYTES];
    System.arraycopy(prefix, 0, record, 0, prefixBytes);
    System.arraycopy(buffer, 0, record, prefixBytes, used);
    // the last byte is the array's end, 0
    used = 0;
    frames = 0;
    return record;
  }
}
