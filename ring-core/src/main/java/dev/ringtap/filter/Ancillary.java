package dev.ringtap.filter;

/**
 * What is known of a frame beside its bytes. BPF programs load it from negative offsets; the
 * numbers are those of {@code <linux/filter.h>}, counted from SKF_AD_OFF.
 */
public interface Ancillary {
  /** EtherType in host byte order. */
  int PROTOCOL = 0;

  /** The kernel's {@code sll_pkttype}: 0 for this host, 4 for a frame that it sent. */
  int PKTTYPE = 4;

  /** Index of the interface. */
  int IFINDEX = 8;

  /** TCI of the tag that was taken off. */
  int VLAN_TAG = 44;

  /** 1 if a tag was taken off, else 0. */
  int VLAN_TAG_PRESENT = 48;

  /** TPID of the tag that was taken off. */
  int VLAN_TPID = 60;

  /** What {@link #value} returns for what is not known. */
  long UNKNOWN = -1;

  /** Knows nothing. */
  Ancillary NONE = which -> UNKNOWN;

  /**
   * A value, unsigned 32 bits.
   *
   * @param which one of the numbers above, or any other
   * @return the value or {@link #UNKNOWN}
   */
  long value(int which);
}
