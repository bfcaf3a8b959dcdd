package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import java.util.Objects;

/**
 * A live capture: an interface of a host, or the part of its frames that one member of a fanout
 * group gets.
 */
public final class LiveSplit extends PacketSplit {
  /** In place of {@link #endMillis()}: the capture has no end. */
  public static final long NO_END = Long.MAX_VALUE;

  /** Highest number of a group. */
  private static final int MOST_GROUPS = 65_535;

  /** A split's group is its number and, above these bits, its owner. */
  private static final int OWNER_SHIFT = 16;

  private final String host;
  private final String interfaceName;
  private final int member;
  private final int fanoutGroup;
  private final long endMillis;

  /**
   * @param host the host that has the interface, as Flink names it
   * @param interfaceName the interface
   * @param member number of the member in its group, from 0
   * @param fanoutGroup number of the group, and from its 16th bit on the group's owner
   * @param endMillis when the capture ends, in ms since 1970 UTC, or {@link #NO_END}
   */
  LiveSplit(
      String host,
      String interfaceName,
      int member,
      int fanoutGroup,
      long endMillis,
      Progress progress) {
    super(progress);
    this.host = Objects.requireNonNull(host);
    this.interfaceName = Objects.requireNonNull(interfaceName);
    this.member = member;
    this.fanoutGroup = fanoutGroup;
    this.endMillis = endMillis;
  }

  /**
   * The group of an interface, owner included: the one that the user chose, or one of an owner whom
   * no other job is likely to be.
   *
   * @param job any bits that readers of one source have in common, and other sources have not
   * @param index of the interface among those of its host: a group has one interface
   */
  static int group(CaptureConfig config, int job, int index) {
    int chosen = config.get(CaptureOption.FANOUT_GROUP);
    int first = chosen == 0 ? job & MOST_GROUPS : chosen - 1;
    int owner = chosen == 0 ? 1 + (job >>> OWNER_SHIFT) % CaptureConfig.MAX_FANOUT_OWNER : 0;
    return owner << OWNER_SHIFT | 1 + (first + index) % MOST_GROUPS;
  }

  LiveSplit at(Progress progress) {
    return new LiveSplit(host, interfaceName, member, fanoutGroup, endMillis, progress);
  }

  LiveSplit inGroup(int group) {
    return new LiveSplit(host, interfaceName, member, group, endMillis, progress());
  }

  /** Whether nothing is left to capture: its frames are emitted, or its time is over. */
  boolean isOver(long limit, long nowMillis) {
    return progress().emitted() >= limit || endMillis <= nowMillis;
  }

  /** The host that has the interface, as Flink names it. */
  public String host() {
    return host;
  }

  /** The interface. */
  public String interfaceName() {
    return interfaceName;
  }

  /** Number of the member in its fanout group, from 0. */
  public int member() {
    return member;
  }

  /** The fanout group that the split's readers join, also when there is one; 0 before that. */
  public int fanoutGroup() {
    return fanoutGroup & MOST_GROUPS;
  }

  /** The fanout group's owner, 0 if the user chose the group. */
  int fanoutOwner() {
    return fanoutGroup >>> OWNER_SHIFT;
  }

  int groupAndOwner() {
    return fanoutGroup;
  }

  /** When the capture ends, in ms since 1970 UTC, or {@link #NO_END}. */
  public long endMillis() {
    return endMillis;
  }

  @Override
  public String splitId() {
    return host + "/" + interfaceName + "#" + member;
  }
}
