package dev.ringtap.file;

import dev.ringtap.capture.ByteView;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides on frames of capture files, which no kernel filters: by their bytes, and by what a file
 * tells beside them. {@link CaptureFile#open(java.nio.file.Path, FrameFilter)} leaves out what is
 * refused; this is for readers that count every frame and decide afterwards. Not thread-safe.
 */
public final class FileFrameFilter {
  private static final int ETHERTYPE_AT = 12;
  private static final int LEAST_ETHERTYPE = 0x600;

  private final FrameFilter filter;
  private final Map<Integer, BpfInterpreter> interpreters = new HashMap<>();
  private final Ancillary ancillary = this::ancillary;

  /** Of the last frame's link type, null before the first. */
  private @Nullable BpfInterpreter interpreter;

  private int linkType;
  private PacketType packetType = PacketType.HOST;
  private final ByteView bytes = new ByteView();

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
    BpfInterpreter chosen = choose(frame.linkType());
    packetType = frame.packetType();
    bytes.show(frame);
    return frame.run(chosen, ancillary);
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
    BpfInterpreter chosen = choose(ofLinkType);
    packetType = ofPacketType;
    bytes.show(inMemory, at, capturedLength);
    return chosen.run(inMemory, at, capturedLength, originalLength, ancillary);
  }

  private BpfInterpreter choose(int ofLinkType) throws FilterException {
    if (interpreter == null || ofLinkType != linkType) {
      interpreter = interpreter(ofLinkType);
      linkType = ofLinkType;
    }
    return interpreter;
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
    return switch (which) {
      case Bpf.AD_PKTTYPE -> packetType.ordinal();
      case Bpf.AD_VLAN_TAG, Bpf.AD_VLAN_TAG_PRESENT, Bpf.AD_VLAN_TPID -> 0;
      case Bpf.AD_PROTOCOL -> etherType();
      default -> Ancillary.UNKNOWN;
    };
  }

  private long etherType() {
    if (linkType != LinkType.ETHERNET || bytes.length() < ETHERTYPE_AT + 2) {
      return Ancillary.UNKNOWN;
    }
    int type = bytes.unsignedShort(ETHERTYPE_AT);
    return type < LEAST_ETHERTYPE ? Ancillary.UNKNOWN : type;
  }
}
