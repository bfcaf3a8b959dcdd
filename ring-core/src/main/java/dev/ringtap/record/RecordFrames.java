package dev.ringtap.record;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.VlanTag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of a topic as frames again, as {@link PacketRecords} reads them as packets: what
 * works on frames of the ring works on them. Values of this version's schemas are read where they
 * lie, others by Avro.
 *
 * <p>Not thread-safe.
 */
public final class RecordFrames implements AutoCloseable {
  /** More than the longest frame takes. */
  private static final int BLOCK_BYTES = 512 << 10;

  private static final int TAG_BYTES = 4;

  /** The ring has 32 bits for seconds. */
  private static final long LAST_NANOS = 0xFFFF_FFFFL * 1_000_000_000L + 999_999_999;

  private static final PacketType[] TYPES = PacketType.values();

  private final PacketRecords records;
  private final int mostBytes;
  private final BlockBuilder builder = new BlockBuilder(BLOCK_BYTES);
  private final ValueDecoder decoder = new ValueDecoder();

  /** Of the value that is read, in order. */
  private final List<Found> found = new ArrayList<>();

  private final CachedText host = new CachedText();
  private final CachedText interfaceName = new CachedText();
  private CaptureId lastCapture = CaptureId.on("");

  /** For a frame whose tag is taken off. */
  private byte[] untagged = new byte[0];

  /**
   * A packet of a value.
   *
   * @param value holds the payload
   * @param at where the payload begins
   */
  private record Found(
      CaptureId capture,
      long timestampNanos,
      long sequence,
      long lostBefore,
      int originalLength,
      int linkType,
      int packetType,
      int flags,
      int vlanTag,
      byte[] value,
      int at,
      int length) {}

  /** The last text, so that one that comes again is no new string. */
  private static final class CachedText {
    private byte[] bytes = new byte[0];
    private String text = "";

    String of(byte[] value, int from, int to) {
      if (!Arrays.equals(bytes, 0, bytes.length, value, from, to)) {
        bytes = Arrays.copyOfRange(value, from, to);
        text = new String(bytes, StandardCharsets.UTF_8);
      }
      return text;
    }
  }

  /**
   * Reads {@link Packet} and {@link PacketBatch} of this version, and a registry's values.
   *
   * @param registry asked once for each schema, or null
   * @param mostBytes bytes of a payload that its frame has at most; further ones are not copied
   */
  public RecordFrames(@Nullable SchemaLookup registry, int mostBytes) {
    this.records = new PacketRecords(registry);
    this.mostBytes = mostBytes;
  }

  /** Another version of one of the two schemas, that values were written with. */
  public void addSchema(Schema writer) {
    records.addSchema(writer);
  }

  /**
   * Hands over a value's frames, in order; each may be read until the call for it returns. All of
   * the value is read before the first: one that is damaged has no frame.
   *
   * @throws BadValueException if the value is in another encoding, of an unknown schema, or damaged
   * @throws IOException if the registry is asked and does not answer
   */
  public void read(byte[] value, Consumer<Frame> out) throws IOException {
    PacketBodyReader reader = records.reader(value);
    found.clear();
    try {
      if (reader.isPresent()) {
        find(value, reader.isBatch());
      } else {
        for (Packet packet : reader.read(value, SchemaReaders.headerBytes(value))) {
          add(packet);
        }
      }
    } catch (IOException e) {
      throw new BadValueException(e.getMessage(), e);
    }
    for (int next = 0; next < found.size(); ) {
      next = handOver(next, out);
    }
  }

  private void find(byte[] value, boolean isBatch) throws IOException {
    decoder.start(value, SchemaReaders.headerBytes(value));
    String of = text(host, value);
    if (isBatch) {
      long start = decoder.readLong();
      int member = decoder.readInt();
      for (long left = decoder.readArrayStart(); left > 0; left = decoder.arrayNext()) {
        for (; left > 0; left--) {
          findRest(value, capture(of, text(interfaceName, value), start, member));
        }
      }
    } else {
      String on = text(interfaceName, value);
      findRest(value, capture(of, on, decoder.readLong(), decoder.readInt()));
    }
    if (!decoder.isEnd()) {
      throw new IOException("bytes are left after it");
    }
  }

  private String text(CachedText cached, byte[] value) throws IOException {
    int from = decoder.passBytes();
    return cached.of(value, from, decoder.position());
  }

  private CaptureId capture(String of, String on, long startMicros, int member) {
    CaptureId last = lastCapture;
    if (last.startMicros() != startMicros
        || last.member() != member
        || !last.interfaceName().equals(on)
        || !last.host().equals(of)) {
      lastCapture = new CaptureId(of, on, startMicros, member);
    }
    return lastCapture;
  }

  private void findRest(byte[] value, CaptureId capture) throws IOException {
    long timestampNanos = decoder.readLong();
    long sequence = decoder.readLong();
    long lostBefore = decoder.readLong();
    int originalLength = decoder.readInt();
    int linkType = decoder.readInt();
    int packetType = decoder.readEnum();
    int flags = decoder.readInt();
    int vlanTag = 0;
    int branch = decoder.readIndex();
    if (branch == 1) {
      vlanTag = tag(decoder.readInt(), decoder.readInt(), decoder.readInt(), decoder.readBoolean());
    } else if (branch != 0) {
      throw new IOException("branch " + branch + " of the two of vlan");
    }
    int at = decoder.passBytes();
    add(
        new Found(
            capture,
            timestampNanos,
            sequence,
            lostBefore,
            originalLength,
            linkType,
            packetType,
            flags,
            vlanTag,
            value,
            at,
            decoder.position() - at));
  }

  private static int tag(int tpid, int id, int priority, boolean dropEligible) throws IOException {
    if (tpid >>> 16 != 0 || id >>> 12 != 0 || priority >>> 3 != 0) {
      throw new IOException(
          "VLAN tag of TPID " + tpid + ", id " + id + " and priority " + priority);
    }
    return tpid << 16 | priority << 13 | (dropEligible ? 0x1000 : 0) | id;
  }

  private void add(Packet packet) throws IOException {
    ByteBuffer payload = packet.getPayload();
    Vlan vlan = packet.getVlan();
    byte[] bytes = new byte[payload.remaining()];
    payload.duplicate().get(bytes);
    CaptureId of = PacketFields.capture(packet);
    add(
        new Found(
            capture(of.host(), of.interfaceName(), of.startMicros(), of.member()),
            PacketFields.timestampNanos(packet),
            packet.getSequence(),
            packet.getLostBefore(),
            packet.getOriginalLength(),
            packet.getLinkType(),
            packet.getPacketType().ordinal(),
            packet.getFlags(),
            vlan == null
                ? 0
                : tag(vlan.getTpid(), vlan.getId(), vlan.getPriority(), vlan.getDropEligible()),
            bytes,
            0,
            bytes.length));
  }

  private void add(Found packet) throws IOException {
    if (packet.packetType() < 0 || packet.packetType() >= TYPES.length) {
      throw new IOException("packet type " + packet.packetType() + " of " + TYPES.length);
    }
    if (packet.timestampNanos() < 0 || packet.timestampNanos() > LAST_NANOS) {
      throw new IOException(
          "timestamp of " + packet.timestampNanos() + " ns is not between 1970 and 2106");
    }
    if (packet.length() > CaptureOption.MAX_SNAP_LENGTH_BYTES) {
      throw new IOException(
          "payload of %d bytes; the most is %d"
              .formatted(packet.length(), CaptureOption.MAX_SNAP_LENGTH_BYTES));
    }
    found.add(packet);
  }

  /** Hands over the frames of one capture and link type, as far as they fit; the next packet. */
  private int handOver(int first, Consumer<Frame> out) {
    Found origin = found.get(first);
    Tag tag = tag(origin);
    if (tag == Tag.OUTSIDE) {
      builder.startWhole(origin.capture(), origin.linkType(), origin.length());
    } else {
      builder.start(
          origin.capture(),
          origin.linkType(),
          tag == Tag.CUT ? origin.length() : CaptureOption.MAX_SNAP_LENGTH_BYTES);
    }
    int next = first;
    while (append(found.get(next), tag)) {
      next++;
      if (next == found.size() || !tag.isUsual || !goesWith(found.get(next), origin)) {
        break;
      }
      tag = tag(found.get(next));
      if (!tag.isUsual) {
        break;
      }
    }
    try (Block block = builder.build(0, 0)) {
      Frame frame;
      for (int i = first; (frame = block.next()) != null; i++) {
        block.renumberFrame(found.get(i).sequence(), found.get(i).lostBefore());
        out.accept(frame);
      }
    }
    return next;
  }

  private static boolean goesWith(Found packet, Found origin) {
    return packet.capture() == origin.capture() && packet.linkType() == origin.linkType();
  }

  /** Where a packet's tag is. */
  private enum Tag {
    /** There is none, or it has no place in the payload, or the payload ends before that. */
    NONE(true),
    /** In an Ethernet payload, where a frame finds it. */
    FOUND(true),
    /** In the payload. */
    INSIDE(true),
    /** In the payload, which the snap length cut within it. */
    CUT(false),
    /** In the record alone, though the payload has room: a cooked frame of few bytes. */
    OUTSIDE(false);

    /** Whether frames of this kind may share a block with others. */
    private final boolean isUsual;

    Tag(boolean isUsual) {
      this.isUsual = isUsual;
    }
  }

  private static Tag tag(Found packet) {
    int tagAt = LinkType.tagOffset(packet.linkType());
    if (packet.vlanTag() == 0 || packet.length() < tagAt) {
      return Tag.NONE;
    }
    int there = Math.min(packet.length() - tagAt, TAG_BYTES);
    for (int i = 0; i < there; i++) {
      int expected = packet.vlanTag() >>> Byte.SIZE * (TAG_BYTES - 1 - i);
      if (packet.value()[packet.at() + tagAt + i] != (byte) expected) {
        return Tag.OUTSIDE;
      }
    }
    if (there < TAG_BYTES) {
      return Tag.CUT;
    }
    boolean isFound =
        packet.linkType() == LinkType.ETHERNET && VlanTag.ofBits(packet.vlanTag()) != 0;
    return isFound ? Tag.FOUND : Tag.INSIDE;
  }

  /** A tag that a frame would not find comes to lie beside it, as the kernel leaves it. */
  private boolean append(Found packet, Tag tag) {
    builder.flags(packet.flags());
    byte[] source = packet.value();
    int at = packet.at();
    int length = Math.min(packet.length(), mostBytes);
    int originalLength = packet.originalLength();
    if (tag == Tag.INSIDE || tag == Tag.CUT) {
      int tagAt = LinkType.tagOffset(packet.linkType());
      int after = Math.max(length - tagAt - TAG_BYTES, 0);
      source = withoutTag(packet, tagAt, after);
      at = 0;
      length = tagAt + after;
      originalLength -= TAG_BYTES;
    }
    return builder.append(
        packet.timestampNanos(),
        originalLength,
        TYPES[packet.packetType()],
        tag == Tag.FOUND ? 0 : packet.vlanTag(),
        MemorySegment.ofArray(source),
        at,
        length);
  }

  private byte[] withoutTag(Found packet, int tagAt, int after) {
    if (untagged.length < tagAt + after) {
      untagged = new byte[Math.max(tagAt + after, 2 * untagged.length)];
    }
    System.arraycopy(packet.value(), packet.at(), untagged, 0, tagAt);
    if (after > 0) {
      System.arraycopy(packet.value(), packet.at() + tagAt + TAG_BYTES, untagged, tagAt, after);
    }
    return untagged;
  }

  @Override
  public void close() {
    builder.close();
  }
}
