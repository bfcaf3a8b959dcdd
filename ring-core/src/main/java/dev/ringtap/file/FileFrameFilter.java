package dev.ringtap.file;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * Decides on frames of capture files, which no kernel filters: by their bytes, and by what a file
 * tells beside them. {@link CaptureFile#open(java.nio.file.Path, FrameFilter)} leaves out what is
 * refused; this is for readers that count every frame and decide afterwards. Not thread-safe.
 */
public final class FileFrameFilter {
  private static final ValueLayout.OfShort BE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int ETHERTYPE_AT = 12;
  private static final int LEAST_ETHERTYPE = 0x600;

  private final FrameFilter filter;
  private final Map<Integer, BpfInterpreter> interpreters = new HashMap<>();
  private final Ancillary ancillary = this::ancillary;

  /** Of the last frame's link type, null before the first. */
  private BpfInterpreter interpreter;

  private int linkType;
  private PacketType packetType;
  private MemorySegment memory;
  private long offset;
  private int length;

  /**
   * @param filter what to keep
   */
  public FileFrameFilter(FrameFilter filter) {
    this.filter = filter;
  }

  /**
   * Bytes of the frame to keep, unsigned, perhaps more than it has; 0 refuses it.
   *
   * @param frame of a {@link CaptureFile}
   * @throws FilterException if the filter has no program for the frame's link type
   */
  public int keptBytes(Frame frame) throws FilterException {
    return keptBytes(
        frame.linkType(),
        frame.packetType(),
        frame.memory(),
        frame.dataOffset(),
        frame.capturedLength(),
        frame.originalLength());
  }

  /**
   * As {@link #keptBytes(Frame)}, for a frame that lies elsewhere.
   *
   * @param ofLinkType LINKTYPE value of its first header
   * @param at offset of its first byte in the memory
   * @param capturedLength bytes of it that are there, VLAN tags among them
   * @param originalLength bytes that it had
   */
  public int keptBytes(
      int ofLinkType,
      PacketType ofPacketType,
      MemorySegment inMemory,
      long at,
      int capturedLength,
      int originalLength)
      throws FilterException {
    if (interpreter == null || ofLinkType != linkType) {
      interpreter = interpreter(ofLinkType);
      linkType = ofLinkType;
    }
    packetType = ofPacketType;
    memory = inMemory;
    offset = at;
    length = capturedLength;
    return interpreter.run(memory, offset, length, originalLength, ancillary);
  }

  private BpfInterpreter interpreter(int ofLinkType) throws FilterException {
    BpfInterpreter known = interpreters.get(ofLinkType);
    if (known == null) {
      known = new BpfInterpreter(filter.forLinkType(ofLinkType));
      interpreters.put(ofLinkType, known);
    }
    return known;
  }

  /** What a file tells: no tag was taken off, and which way the frame went. */
  private long ancillary(int which) {
    switch (which) {
      case Bpf.AD_PKTTYPE:
        return packetType.ordinal();
      case Bpf.AD_VLAN_TAG:
      case Bpf.AD_VLAN_TAG_PRESENT:
      case Bpf.AD_VLAN_TPID:
        return 0;
      case Bpf.AD_PROTOCOL:
        return etherType();
      default:
        return Ancillary.UNKNOWN;
    }
  }

  private long etherType() {
    if (linkType != LinkType.ETHERNET || length < ETHERTYPE_AT + 2) {
      return Ancillary.UNKNOWN;
    }
    int type = Short.toUnsignedInt(memory.get(BE_SHORT, offset + ETHERTYPE_AT));
    return type < LEAST_ETHERTYPE ? Ancillary.UNKNOWN : type;
  }
}
