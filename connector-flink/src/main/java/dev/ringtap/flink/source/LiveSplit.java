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
   * @param fanoutGroup the group, 0 if the split has all of the interface's frames
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

  LiveSplit ofMember(int other) {
    return new LiveSplit(host, interfaceName, other, fanoutGroup, endMillis, progress());
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

  /** The fanout group, 0 if the split has all of the interface's frames. */
  public int fanoutGroup() {
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
