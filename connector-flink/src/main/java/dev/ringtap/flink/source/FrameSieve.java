package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import java.util.HashMap;
import java.util.Map;

/**
 * Decides which frames of a split go into the stream, and with which numbers: those behind the
 * position that was restored, and those that the filter keeps where no kernel runs it. A loss
 * before a frame that is left out is shown before the next one that is not. Not thread-safe: for
 * the task's thread.
 */
final class FrameSieve {
  private static final int ETHERTYPE_AT = 12;
  private static final int LEAST_ETHERTYPE = 0x600;
  private static final int VLAN_TAG_BYTES = 4;

  /** Null if the kernel has filtered already, or all frames are wanted. */
  private final FrameFilter filter;

  /** Null if the kernel has decided already. */
  private final FramePredicate predicate;

  /** Added to the frames' own numbers: a live capture counts from 0 after each restore. */
  private final long firstSequence;

  /** Frames of a file before this one were emitted before the restore. */
  private final long firstWanted;

  private final Map<Integer, BpfInterpreter> interpreters = new HashMap<>();
  private final Ancillary ancillary = this::ancillary;

  private Frame frame;
  private long carriedLoss;

  /**
   * @param split where the reading goes on
   * @param filter what to keep, or null
   * @param predicate what to keep of that, or null
   */
  FrameSieve(PacketSplit split, FrameFilter filter, FramePredicate predicate) {
    this.filter = filter;
    this.predicate = predicate;
    boolean live = split instanceof LiveSplit;
    long next = split.progress().nextSequence();
    this.firstSequence = live ? next : 0;
    this.firstWanted = live ? 0 : next;
  }

  /**
   * Whether the frame goes into the stream; it has its numbers then.
   *
   * @throws FilterException if the filter has no program for the frame's link type
   */
  boolean keeps(Frame shown) throws FilterException {
    if (shown.sequence() < firstWanted) {
      return false;
    }
    if (filter != null && !passes(shown) || predicate != null && !predicate.keeps(shown)) {
      carriedLoss += shown.lostBefore();
      return false;
    }
    if (firstSequence != 0 || carriedLoss != 0) {
      shown.renumber(firstSequence + shown.sequence(), carriedLoss + shown.lostBefore());
      carriedLoss = 0;
    }
    return true;
  }

  private boolean passes(Frame shown) throws FilterException {
    BpfInterpreter interpreter = interpreters.get(shown.linkType());
    if (interpreter == null) {
      interpreter = new BpfInterpreter(filter.forLinkType(shown.linkType()));
      interpreters.put(shown.linkType(), interpreter);
    }
    frame = shown;
    return interpreter.run(
            shown.memory(),
            shown.dataOffset(),
            shown.capturedLength(),
            shown.originalLength() - (shown.isTagStripped() ? VLAN_TAG_BYTES : 0),
            ancillary)
        != 0;
  }

  /** What is known of a frame beside its bytes, as the kernel would tell its filter. */
  private long ancillary(int which) {
    switch (which) {
      case Bpf.AD_PKTTYPE:
        return frame.packetType().ordinal();
      case Bpf.AD_VLAN_TAG:
        return frame.isTagStripped() ? frame.vlanTag() & 0xFFFF : 0;
      case Bpf.AD_VLAN_TAG_PRESENT:
        return frame.isTagStripped() ? 1 : 0;
      case Bpf.AD_VLAN_TPID:
        return frame.isTagStripped() ? frame.vlanTag() >>> 16 : 0;
      case Bpf.AD_PROTOCOL:
        return etherType();
      default:
        return Ancillary.UNKNOWN;
    }
  }

  private long etherType() {
    if (frame.linkType() != LinkType.ETHERNET || frame.capturedLength() < ETHERTYPE_AT + 2) {
      return Ancillary.UNKNOWN;
    }
    int type = frame.unsignedShortAt(ETHERTYPE_AT);
    return type < LEAST_ETHERTYPE ? Ancillary.UNKNOWN : type;
  }
}
