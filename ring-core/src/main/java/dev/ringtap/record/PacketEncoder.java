package dev.ringtap.record;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.VlanTag;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.jspecify.annotations.Nullable;

/**
 * Encodes frames as Avro records of {@code Packet.avsc}, straight out of the ring: the frame's
 * bytes are copied once, into the finished record, and its VLAN tag is put back during that copy.
 *
 * <p>The bytes are those of Avro's own encoder (Avro 1.12 specification, "Binary Encoding"):
 * numbers as zig-zag varints, strings and bytes after their length, a union after its branch.
 * Before each record stands a fixed header that tells which schema it has.
 *
 * <p>Not thread-safe: an encoder for each thread.
 */
public final class PacketEncoder {
  private static final int MAX_VARINT_BYTES = 5;

  /** Header, two lengths of names, start and member; the names themselves do not count. */
  private static final int MAX_START_BYTES = 5 * Varint.ROOM_BYTES;

  /** Loss; two lengths, link type, packet type, flags, union branch, four of the tag. */
  private static final int MAX_TAIL_BYTES = Varint.ROOM_BYTES + 10 * MAX_VARINT_BYTES;

  /** What may be written after the last field's end. */
  private static final int OVERSHOOT_BYTES = 16;

  /** A file may have any number of interfaces. */
  private static final int MAX_CAPTURES_KEPT = 256;

  /** Null for items of a batch. */
  private final byte @Nullable [] header;

  /** The header and the fields that name the capture, of the last frame and of those before. */
  private CachedFields start = new CachedFields();

  private @Nullable CaptureId capture;
  private final Map<CaptureId, CachedFields> starts = new HashMap<>();

  /** The fields after the sequence number, of the last frame. */
  private final CachedFields tail = new CachedFields();

  private final byte[] tailFields = new byte[MAX_TAIL_BYTES + Varint.ROOM_BYTES];
  private long lostBefore;
  private int originalLength;
  private int linkType;
  private PacketType packetType = PacketType.HOST;
  private int flags;
  private int vlanTag;
  private int payloadLength;

  /** Fields of a record that has no room for them yet. */
  private byte[] fields = new byte[0];

  private PacketEncoder(byte @Nullable [] header) {
    this.header = header;
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
    return new PacketEncoder(WireFormat.registryHeader(schemaId));
  }

  /** Items of a {@link PacketBatch}, which has the rest of what names their capture. */
  static PacketEncoder batched() {
    return new PacketEncoder(null);
  }

  /** Of records that begin as those of packets do; see {@link #start}. */
  static PacketEncoder ofStarts(byte[] header) {
    return new PacketEncoder(header);
  }

  /** Room that is enough for the frame's record. */
  public int maxEncodedLength(Frame frame) {
    useCapture(frame.capture());
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
   * @return offset after the record's last byte
   * @throws IndexOutOfBoundsException if the target has no room; {@link #maxEncodedLength} is
   *     enough
   */
  public int encode(Frame frame, byte[] target, int offset) {
    int length = frame.payloadLength();
    useCapture(frame.capture());
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
    return start.length() + 2 * Varint.ROOM_BYTES + MAX_TAIL_BYTES + OVERSHOOT_BYTES;
  }

  private int writeFields(Frame frame) {
    useCapture(frame.capture());
    if (fields.length < maxFieldsLength()) {
      fields = new byte[maxFieldsLength()];
    }
    return writeFields(frame, fields, 0);
  }

  /** All before the payload's bytes, its capture in use already. */
  private int writeFields(Frame frame, byte[] to, int offset) {
    useTail(frame);
    int at = start.put(to, offset);
    at = Varint.putNanos(to, at, frame.timestampNanos());
    at = Varint.put(to, at, frame.sequence());
    return tail.put(to, at);
  }

  /** The capture stays the same from frame to frame, or is one of a few: its bytes are kept. */
  private void useCapture(CaptureId ofFrame) {
    if (ofFrame != capture) {
      if (starts.size() == MAX_CAPTURES_KEPT) {
        starts.clear();
      }
      start = starts.computeIfAbsent(ofFrame, this::encodeStart);
      capture = ofFrame;
    }
  }

  /** The header and the fields that name the capture. */
  CachedFields start(CaptureId of) {
    useCapture(of);
    return start;
  }

  private CachedFields encodeStart(CaptureId of) {
    byte[] interfaceName = of.interfaceName().getBytes(StandardCharsets.UTF_8);
    byte[] host = of.host().getBytes(StandardCharsets.UTF_8);
    byte[] to = new byte[interfaceName.length + host.length + MAX_START_BYTES];
    if (header == null) {
      return CachedFields.of(to, putText(to, 0, interfaceName));
    }
    System.arraycopy(header, 0, to, 0, header.length);
    int at = putText(to, header.length, host);
    at = putText(to, at, interfaceName);
    at = Varint.put(to, at, of.startMicros());
    return CachedFields.of(to, Varint.put(to, at, of.member()));
  }

  /** What all frames of a batch share, after its header. */
  static byte[] batchStart(byte[] header, CaptureId of) {
    byte[] host = of.host().getBytes(StandardCharsets.UTF_8);
    byte[] to = Arrays.copyOf(header, host.length + MAX_START_BYTES);
    int at = putText(to, header.length, host);
    at = Varint.put(to, at, of.startMicros());
    return Arrays.copyOf(to, Varint.put(to, at, of.member()));
  }

  private static int putText(byte[] to, int at, byte[] utf8) {
    int start = Varint.put(to, at, utf8.length);
    System.arraycopy(utf8, 0, to, start, utf8.length);
    return start + utf8.length;
  }

  /** Many frames are of the same kind and length as the one before. */
  private void useTail(Frame frame) {
    int frameTag = frame.vlanTag();
    if (frame.payloadLength() == payloadLength
        && frame.originalLength() == originalLength
        && frameTag == vlanTag
        && frame.packetType() == packetType
        && frame.lostBefore() == lostBefore
        && frame.flags() == flags
        && frame.linkType() == linkType) {
      return;
    }
    lostBefore = frame.lostBefore();
    originalLength = frame.originalLength();
    linkType = frame.linkType();
    packetType = frame.packetType();
    flags = frame.flags();
    vlanTag = frameTag;
    payloadLength = frame.payloadLength();
    encodeTail();
  }

  private void encodeTail() {
    byte[] to = tailFields;
    int at = Varint.put(to, 0, lostBefore);
    at = Varint.put(to, at, originalLength);
    at = Varint.put(to, at, linkType);
    at = Varint.put(to, at, packetType.ordinal());
    at = Varint.put(to, at, flags);
    if (vlanTag == 0) {
      to[at++] = 0;
    } else {
      at = putTag(to, at, vlanTag);
    }
    tail.set(to, Varint.put(to, at, payloadLength));
  }

  /** Writes the union's branch and the tag, eight bytes at most. */
  static int putTag(byte[] to, int offset, int vlanTag) {
    int at = Varint.put(to, offset, 1);
    at = Varint.put(to, at, VlanTag.tpid(vlanTag));
    at = Varint.put(to, at, VlanTag.id(vlanTag));
    at = Varint.put(to, at, VlanTag.priority(vlanTag));
    to[at] = (byte) (VlanTag.isDropEligible(vlanTag) ? 1 : 0);
    return at + 1;
  }
}
