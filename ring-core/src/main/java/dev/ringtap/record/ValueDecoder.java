package dev.ringtap.record;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;

/**
 * Reads Avro's binary encoding (Avro 1.12 specification, "Binary Encoding") out of one value, whose
 * bytes may be anything. Avro's own decoder takes memory for a length before it looks whether the
 * value has so many bytes, goes backwards over a negative one, and walks as many items without
 * bytes as it is told. Here a length is at most what is left, and all items together are at most as
 * many as the value has bytes.
 *
 * <p>Not thread-safe.
 */
final class ValueDecoder extends Decoder {
  private static final int MAX_VARINT_BITS = 64;

  private byte[] value = new byte[0];
  private int at;
  private long itemsLeft;

  /** Begins a value at an offset. */
  void start(byte[] bytes, int offset) {
    value = bytes;
    at = offset;
    itemsLeft = bytes.length - offset;
  }

  /** Whether nothing is left. */
  boolean isEnd() {
    return at == value.length;
  }

  /** Where the next field begins. */
  int position() {
    return at;
  }

  /** Moves over a string or bytes and returns the index of the first; they end where this is. */
  int passBytes() throws IOException {
    return pass(readInt());
  }

  /** Moves over bytes and returns the index of the first. */
  private int pass(long length) throws IOException {
    int first = at;
    if (length < 0 || length > value.length - first) {
      throw new EOFException(
          length + " bytes expected, " + (value.length - first) + " are left of the value");
    }
    at = first + (int) length;
    return first;
  }

  @Override
  public void readNull() {}

  @Override
  public boolean readBoolean() throws IOException {
    return value[pass(1)] == 1;
  }

  @Override
  public int readInt() throws IOException {
    long number = readLong();
    if (number != (int) number) {
      throw new IOException(number + " is no 32-bit number");
    }
    return (int) number;
  }

  @Override
  public long readLong() throws IOException {
    long zigzag = 0;
    for (int shift = 0; shift < MAX_VARINT_BITS; shift += 7) {
      byte next = value[pass(1)];
      zigzag |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return zigzag >>> 1 ^ -(zigzag & 1);
      }
    }
    throw new IOException("a number of more than 64 bits");
  }

  @Override
  public float readFloat() throws IOException {
    return littleEndian(Float.BYTES).getFloat();
  }

  @Override
  public double readDouble() throws IOException {
    return littleEndian(Double.BYTES).getDouble();
  }

  private ByteBuffer littleEndian(int length) throws IOException {
    return ByteBuffer.wrap(value, pass(length), length).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public Utf8 readString(Utf8 old) throws IOException {
    return new Utf8(nextBytes());
  }

  @Override
  public String readString() throws IOException {
    int length = readInt();
    return new String(value, pass(length), length, StandardCharsets.UTF_8);
  }

  @Override
  public void skipString() throws IOException {
    skipBytes();
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) throws IOException {
    return ByteBuffer.wrap(nextBytes());
  }

  private byte[] nextBytes() throws IOException {
    int length = readInt();
    int first = pass(length);
    return Arrays.copyOfRange(value, first, first + length);
  }

  @Override
  public void skipBytes() throws IOException {
    pass(readLong());
  }

  @Override
  public void readFixed(byte[] bytes, int start, int length) throws IOException {
    System.arraycopy(value, pass(length), bytes, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    pass(length);
  }

  @Override
  public int readEnum() throws IOException {
    return readInt();
  }

  @Override
  public int readIndex() throws IOException {
    return readInt();
  }

  @Override
  public long readArrayStart() throws IOException {
    return arrayNext();
  }

  @Override
  public long arrayNext() throws IOException {
    long count = readLong();
    if (count < 0) {
      // bytes of the items, for who skips them
      readLong();
      count = -count;
    }
    return items(count);
  }

  @Override
  public long skipArray() throws IOException {
    long count = readLong();
    while (count < 0) {
      skipBytes();
      count = readLong();
    }
    return items(count);
  }

  private long items(long count) throws IOException {
    if (count < 0 || count > itemsLeft) {
      throw new IOException(count + " items in a value that has no bytes for them");
    }
    itemsLeft -= count;
    return count;
  }

  @Override
  public long readMapStart() throws IOException {
    return arrayNext();
  }

  @Override
  public long mapNext() throws IOException {
    return arrayNext();
  }

  @Override
  public long skipMap() throws IOException {
    return skipArray();
  }
}
