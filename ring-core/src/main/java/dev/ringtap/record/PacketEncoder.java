package dev.ringtap.record;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringtap.capture.Frame;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * Encodes frames as Avro records of {@code Packet.avsc}, straight out of the ring: the frame's
 * bytes are copied once, into the finished record, and its VLAN tag is put back during that copy.
 *
 * <p>The bytes are those of Avro's own encoder (Avro 1.12 specification, "Binary Encoding"):
 * numbers as zig-zag varints, strings and bytes behind their length, a union behind its branch.
 * Before each record stands a fixed header that tells which schema it has.
 *
 * <p>Not thread-safe: an encoder for each thread.
 */
public final class PacketEncoder {
  private static final int MAX_VARLONG_BYTES = 10;
  static final int MAX_VARINT_BYTES = 5;

  /**
   * Timestamp, sequence, loss; member, lengths, link type, direction, union branch, four of the
   * tag.
   */
  private static final int MAX_NUMBERS_BYTES = 3 * MAX_VARLONG_BYTES + 11 * MAX_VARINT_BYTES;

  /** A file may name any number of interfaces. */
  private static final int MAX_NAMES_KEPT = 256;

  private static final int TPID_SHIFT = 16;
  private static final int PRIORITY_SHIFT = 13;
  private static final int DROP_ELIGIBLE = 0x1000;
  private static final int VLAN_ID_MASK = 0x0fff;

  private final byte[] header;

  /** Everything before the payload's bytes; its beginning, up to the timestamp, stays. */
  private byte[] fields;

  private final Map<String, byte[]> interfaceNameFields = new HashMap<>();
  private String interfaceName;
  private byte[] interfaceNameField;

  private PacketEncoder(byte[] header) {
    this.header = header;
    this.fields = header;
    changeInterface("");
  }

  /**
   * Avro's single-object encoding: C3 01, the schema's 64-bit fingerprint, the record. Any Avro
   * library that has the schema reads it, without a registry.
   */
  public static PacketEncoder singleObject() {
    return new PacketEncoder(singleObjectHeader(Packet.getClassSchema()));
  }

  static byte[] singleObjectHeader(Schema schema) {
    return ByteBuffer.allocate(10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0xC3)
        .put((byte) 0x01)
        .putLong(SchemaNormalization.parsingFingerprint64(schema))
        .array();
  }

  /**
   * The wire format of schema registries: a zero byte, the schema's number in the registry as four
   * bytes, big end first, the record. What reads it asks the registry for the schema of that
   * number.
   *
   * @param schemaId the number that the registry gave to {@link PacketSchema#published}
   */
  public static PacketEncoder registry(int schemaId) {
    return new PacketEncoder(registryHeader(schemaId));
  }

  static byte[] registryHeader(int schemaId) {
    return ByteBuffer.allocate(5).put((byte) 0).putInt(schemaId).array();
  }

  /** Records without a header, as they stand inside another record. */
  static PacketEncoder headless() {
    return new PacketEncoder(new byte[0]);
  }

  /**
   * Bytes that belong to the frame's record, at most: its payload and all that stands before it.
   */
  public int maxEncodedLength(Frame frame) {
    useInterface(frame.interfaceName());
    return fields.length + frame.payloadLength();
  }

  /**
   * Encodes a frame.
   *
   * @return a record of its own, exactly as long as it needs to be
   */
  public byte[] encode(Frame frame) {
    int payloadLength = frame.payloadLength();
    int fieldsLength = writeFields(frame, payloadLength);
    byte[] record = new byte[fieldsLength + payloadLength];
    System.arraycopy(fields, 0, record, 0, fieldsLength);
    frame.copyPayload(MemorySegment.ofArray(record), fieldsLength);
    return record;
  }

  /**
   * Encodes a frame into a buffer.
   *
   * @param offset where the record begins
   * @return offset behind the record's last byte
   * @throws IndexOutOfBoundsException if the target has no room; {@link #maxEncodedLength} is
   *     enough
   */
  public long encode(Frame frame, MemorySegment target, long offset) {
    int payloadLength = frame.payloadLength();
    int fieldsLength = writeFields(frame, payloadLength);
    MemorySegment.copy(fields, 0, target, JAVA_BYTE, offset, fieldsLength);
    frame.copyPayload(target, offset + fieldsLength);
    return offset + fieldsLength + payloadLength;
  }

  private int writeFields(Frame frame, int payloadLength) {
    useInterface(frame.interfaceName());
    byte[] to = fields;
    int at = writeLong(to, header.length, frame.timestampNanos());
    System.arraycopy(interfaceNameField, 0, to, at, interfaceNameField.length);
    at += interfaceNameField.length;
    at = writeLong(to, at, frame.sequence());
    at = writeLong(to, at, frame.lostBefore());
    at = writeLong(to, at, frame.member());
    at = writeLong(to, at, frame.originalLength());
    at = writeLong(to, at, frame.linkType());
    at = writeLong(to, at, frame.packetType().ordinal());
    int tag = frame.vlanTag();
    if (tag == 0) {
      to[at++] = 0;
    } else {
      at = writeLong(to, at, 1);
      at = writeLong(to, at, tag >>> TPID_SHIFT);
      at = writeLong(to, at, tag & VLAN_ID_MASK);
      at = writeLong(to, at, tag >>> PRIORITY_SHIFT & 7);
      to[at++] = (byte) ((tag & DROP_ELIGIBLE) == 0 ? 0 : 1);
    }
    return writeLong(to, at, payloadLength);
  }

  /** The name stays the same from frame to frame, or is one of a few: its bytes are kept. */
  private void useInterface(String name) {
    if (name != interfaceName) {
      changeInterface(name);
    }
  }

  private void changeInterface(String name) {
    if (interfaceNameFields.size() == MAX_NAMES_KEPT) {
      interfaceNameFields.clear();
    }
    interfaceNameField = interfaceNameFields.computeIfAbsent(name, PacketEncoder::nameField);
    interfaceName = name;
    int needed = header.length + MAX_NUMBERS_BYTES + interfaceNameField.length;
    if (fields.length < needed) {
      fields = Arrays.copyOf(header, needed);
    }
  }

  private static byte[] nameField(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] field = new byte[MAX_VARINT_BYTES + utf8.length];
    int length = writeLong(field, 0, utf8.length);
    System.arraycopy(utf8, 0, field, length, utf8.length);
    return Arrays.copyOf(field, length + utf8.length);
  }

  /** Avro's int and long are the same bytes: zig-zag, then seven bits a byte, lowest first. */
  static int writeLong(byte[] to, int at, long value) {
    long left = value << 1 ^ value >> 63;
    while ((left & ~0x7FL) != 0) {
      to[at++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    to[at++] = (byte) left;
    return at;
  }
}
