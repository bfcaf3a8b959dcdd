package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A read-only view of bytes: of one frame as it lies in the ring, or of part of a segment. Numbers
 * are big-endian, as in network headers.
 *
 * <pre>{@code
 * ByteView bytes = new ByteView();
 * while ((frame = block.next()) != null) {
 *   if (bytes.show(frame).length() >= 14 && bytes.unsignedShort(12) == 0x0800) { ... }
 * }
 * }</pre>
 *
 * <p>One instance serves any number of frames: {@code show} moves it to the next. It shows its
 * frame until the block is released, also while {@link Block#next()} moves on. After that, or when
 * the segment's arena is closed, every method except {@code show} throws {@link
 * IllegalStateException}. An index outside the bytes throws {@link IndexOutOfBoundsException}. Not
 * thread-safe.
 */
public final class ByteView {
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** Holds what no lease ends. */
  private final ReadableMemory own = new ReadableMemory(MemorySegment.NULL);

  private ReadableMemory memory = own;
  private long offset;
  private int length;

  /** Creates a view of no bytes. */
  public ByteView() {}

  /**
   * Shows a frame's bytes as they lie in the ring: without a cooked header, and without the outer
   * VLAN tag if it was stripped.
   *
   * @return this
   * @throws IllegalStateException if the frame is not shown or its block was released
   */
  public ByteView show(Frame frame) {
    length = frame.capturedLength();
    offset = frame.dataOffset();
    memory = frame.readableMemory();
    return this;
  }

  /**
   * Shows part of a segment.
   *
   * @param segment native memory or a byte array's
   * @param from offset of the first byte
   * @param bytes how many
   * @return this
   * @throws IndexOutOfBoundsException if the segment does not hold that range
   */
  public ByteView show(MemorySegment segment, long from, int bytes) {
    Objects.checkFromIndexSize(from, bytes, segment.byteSize());
    length = bytes;
    offset = from;
    own.replace(segment);
    memory = own;
    return this;
  }

  /** Returns the number of bytes. */
  public int length() {
    requireReadable();
    return length;
  }

  /** Throws {@link IllegalStateException} if the bytes may not be read any more. */
  public void requireReadable() {
    if (!memory.isReadable()) {
      throw new IllegalStateException("the bytes' block was released, or their arena closed");
    }
  }

  /** Returns the byte at an index, 0 to 255. */
  public int unsignedByte(int index) {
    return Byte.toUnsignedInt(memory.segment().get(JAVA_BYTE, at(index, Byte.BYTES)));
  }

  /** Returns two bytes as a number, 0 to 65,535. */
  public int unsignedShort(int index) {
    return Short.toUnsignedInt(memory.segment().get(SHORT, at(index, Short.BYTES)));
  }

  /** Returns four bytes as a number, 0 to 2<sup>32</sup> − 1. */
  public long unsignedInt(int index) {
    return Integer.toUnsignedLong(memory.segment().get(INT, at(index, Integer.BYTES)));
  }

  /** Returns eight bytes as a number. */
  public long longAt(int index) {
    return memory.segment().get(LONG, at(index, Long.BYTES));
  }

  /**
   * Copies bytes.
   *
   * @param index of the first one here
   * @param target where they go
   * @param targetIndex of the first one there
   * @param bytes how many
   */
  public void copyTo(int index, byte[] target, int targetIndex, int bytes) {
    MemorySegment.copy(memory.segment(), JAVA_BYTE, at(index, bytes), target, targetIndex, bytes);
  }

  private long at(int index, int bytes) {
    return offset + Objects.checkFromIndexSize(index, bytes, length);
  }
}
