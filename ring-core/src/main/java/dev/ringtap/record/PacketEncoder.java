package dev.ringtap.record;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
  private static final int MAX_VARINT_BYTES = 5;

  /** Loss; member, two lengths, link type, direction, union branch, four of the tag. */
  private static final int MAX_TAIL_BYTES = Varint.ROOM_BYTES + 10 * MAX_VARINT_BYTES;

  /** What may be written behind the last field's end. */
  private static final int OVERSHOOT_BYTES = 16;

  /** A file may name any number of interfaces. */
  private static final int MAX_NAMES_KEPT = 256;

  private static final int TPID_SHIFT = 16;
  private static final int PRIORITY_SHIFT = 13;
  private static final int DROP_ELIGIBLE = 0x1000;
  private static final int VLAN_ID_MASK = 0x0fff;

  private final EncodedPiece header;

  /** The interface's name, of the last frame and of those before. */
  private EncodedPiece name;

  private String interfaceName;
  private final Map<String, EncodedPiece> names = new HashMap<>();

  /** What stands behind the sequence number, of the last frame. */
  private final EncodedPiece tail = new EncodedPiece();

  private final byte[] tailFields = new byte[MAX_TAIL_BYTES + Varint.ROOM_BYTES];
  private long lostBefore;
  private int member;
  private int originalLength;
  private int linkType;
  private PacketType packetType = PacketType.HOST;
  private int vlanTag;
  private int payloadLength;

  /** Fields of a record that has no room for them yet. */
  private byte[] fields = new byte[0];

  private PacketEncoder(byte[] header) {
    this.header = EncodedPiece.of(header, header.length);
    changeInterface("");
    encodeTail();
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

  /** Room that is enough for the frame's record. */
  public int maxEncodedLength(Frame frame) {
    useInterface(frame.interfaceName());
    return maxFieldsLength() + frame.payloadLength();
  }

  /**
   * Encodes a frame.
   *
   * @return a record of its own, exactly as long as it needs to be
   */
  public byte[] encode(Frame frame) {
    int fieldsLength = writeFields(frame);
    byte[] record = new byte[fieldsLength + frame.payloadLength()];
    System.arraycopy(fields, 0, record, 0, fieldsLength);
    frame.copyPayload(record, fieldsLength);
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
  public int encode(Frame frame, byte[] target, int offset) {
    int length = frame.payloadLength();
    useInterface(frame.interfaceName());
    int at;
    if (length >= OVERSHOOT_BYTES && offset >= 0 && maxFieldsLength() <= target.length - offset) {
      // the payload comes to lie over what is written too much
      at = writeFields(frame, target, offset);
    } else {
      int fieldsLength = writeFields(frame);
      System.arraycopy(fields, 0, target, offset, fieldsLength);
      at = offset + fieldsLength;
    }
    frame.copyPayload(target, at);
    return at + length;
  }

  private int maxFieldsLength() {
    return header.length()
        + name.length()
        + 2 * Varint.ROOM_BYTES
        + MAX_TAIL_BYTES
        + OVERSHOOT_BYTES;
  }

  private int writeFields(Frame frame) {
    useInterface(frame.interfaceName());
    if (fields.length < maxFieldsLength()) {
      fields = new byte[maxFieldsLength()];
    }
    return writeFields(frame, fields, 0);
  }

  /** All before the payload's bytes, its interface in use already. */
  private int writeFields(Frame frame, byte[] to, int offset) {
    useTail(frame);
    int at = header.put(to, offset);
    at = Varint.putNanos(to, at, frame.timestampNanos());
    at = name.put(to, at);
    at = Varint.put(to, at, frame.sequence());
    return tail.put(to, at);
  }

  /** The name stays the same from frame to frame, or is one of a few: its bytes are kept. */
  private void useInterface(String frameInterfaceName) {
    if (frameInterfaceName != interfaceName) {
      changeInterface(frameInterfaceName);
    }
  }

  private void changeInterface(String frameInterfaceName) {
    if (names.size() == MAX_NAMES_KEPT) {
      names.clear();
    }
    name = names.computeIfAbsent(frameInterfaceName, PacketEncoder::nameField);
    interfaceName = frameInterfaceName;
  }

  private static EncodedPiece nameField(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] field = new byte[Varint.ROOM_BYTES + utf8.length];
    int length = Varint.put(field, 0, utf8.length);
    System.arraycopy(utf8, 0, field, length, utf8.length);
    return EncodedPiece.of(field, length + utf8.length);
  }

  /** Many frames are of the same kind and length as the one before. */
  private void useTail(Frame frame) {
    int frameTag = frame.vlanTag();
    if (frame.payloadLength() == payloadLength
        && frame.originalLength() == originalLength
        && frameTag == vlanTag
        && frame.packetType() == packetType
        && frame.lostBefore() == lostBefore
        && frame.linkType() == linkType
        && frame.member() == member) {
      return;
    }
    lostBefore = frame.lostBefore();
    member = frame.member();
    originalLength = frame.originalLength();
    linkType = frame.linkType();
    packetType = frame.packetType();
    vlanTag = frameTag;
    payloadLength = frame.payloadLength();
    encodeTail();
  }

  private void encodeTail() {
    byte[] to = tailFields;
    int at = Varint.put(to, 0, lostBefore);
    at = Varint.put(to, at, member);
    at = Varint.put(to, at, originalLength);
    at = Varint.put(to, at, linkType);
    at = Varint.put(to, at, packetType.ordinal());
    if (vlanTag == 0) {
      to[at++] = 0;
    } else {
      at = Varint.put(to, at, 1);
      at = Varint.put(to, at, vlanTag >>> TPID_SHIFT);
      at = Varint.put(to, at, vlanTag & VLAN_ID_MASK);
      at = Varint.put(to, at, vlanTag >>> PRIORITY_SHIFT & 7);
      to[at++] = (byte) ((vlanTag & DROP_ELIGIBLE) == 0 ? 0 : 1);
    }
    tail.set(to, Varint.put(to, at, payloadLength));
  }
}
