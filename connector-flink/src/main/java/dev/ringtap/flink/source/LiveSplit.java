package dev.ringtap.flink.source;

import java.util.Objects;

/**
 * A live capture: an interface of a host, or the part of its frames that one member of a fanout
 * group gets.
 */
public final class LiveSplit extends PacketSplit {
  /** In place of {@link #endMillis()}: the capture has no end. */
  public static final long NO_END = Long.MAX_VALUE;

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
    return fanoutGroup & FanoutOptions.MOST_GROUPS;
  }

  /** The fanout group's owner, 0 if the user chose the group. */
  int fanoutOwner() {
    return fanoutGroup >>> FanoutOptions.OWNER_SHIFT;
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
