package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;

/**
 * A live capture: an interface of a host, or the part of its frames that one member of a fanout
 * group gets.
 *
 * @param host the host that has the interface, as Flink names it
 * @param interfaceName the interface
 * @param member number of the member in its fanout group, from 0
 * @param groupAndOwner number of the group, also when there is one member, and from its 16th bit on
 *     the group's owner; 0 before there is one
 * @param endMillis when the capture ends, in ms since 1970 UTC, or {@link #NO_END}
 * @param progress how far it was read
 */
public record LiveSplit(
    String host,
    String interfaceName,
    int member,
    int groupAndOwner,
    long endMillis,
    Progress progress)
    implements PacketSplit {
  /** In place of {@link #endMillis()}: the capture has no end. */
  public static final long NO_END = Long.MAX_VALUE;

  /** Highest number of a group. */
  private static final int MOST_GROUPS = 65_535;

  /** A split's group is its number and, above these bits, its owner. */
  private static final int OWNER_SHIFT = 16;

  /**
   * The group of an interface, owner included: the one that the user chose, or one of an owner whom
   * no other job is likely to be.
   *
   * @param job any bits that readers of one source have in common, unlike other sources
   * @param index of the interface among those of its host: a group has one interface
   */
  static int group(CaptureConfig config, int job, int index) {
    int chosen = config.get(CaptureOption.FANOUT_GROUP);
    int first = chosen == 0 ? job & MOST_GROUPS : chosen - 1;
    int owner = chosen == 0 ? 1 + (job >>> OWNER_SHIFT) % CaptureConfig.MAX_FANOUT_OWNER : 0;
    return owner << OWNER_SHIFT | 1 + (first + index) % MOST_GROUPS;
  }

  LiveSplit at(Progress now) {
    return new LiveSplit(host, interfaceName, member, groupAndOwner, endMillis, now);
  }

  LiveSplit inGroup(int group) {
    return new LiveSplit(host, interfaceName, member, group, endMillis, progress);
  }

  /** Whether nothing is left to capture: its frames are emitted, or its time is over. */
  boolean isOver(long limit, long nowMillis) {
    return progress.emitted() >= limit || endMillis <= nowMillis;
  }

  /** The fanout group that the split's readers join, also when there is one; 0 before that. */
  public int fanoutGroup() {
    return groupAndOwner & MOST_GROUPS;
  }

  /** The fanout group's owner, 0 if the user chose the group. */
  int fanoutOwner() {
    return groupAndOwner >>> OWNER_SHIFT;
  }

  @Override
  public String splitId() {
    return host + "/" + interfaceName + "#" + member;
  }

  @Override
  public String toString() {
    return PacketSplit.text(this);
  }
}
