package dev.ringtap.filter;

/** What is known of a frame beside its bytes, for a program that loads it from offsets below 0. */
public interface Ancillary {
  /** What is returned for what is not known. A program that loads it refuses the frame. */
  long UNKNOWN = -1;

  /** Knows nothing. */
  Ancillary NONE = which -> UNKNOWN;

  /**
   * A value, unsigned 32 bits.
   *
   * @param which {@link Bpf#AD_PROTOCOL} or another of those numbers
   * @return the value or {@link #UNKNOWN}
   */
  long value(int which);

  /**
   * Where the network layer begins, for loads from {@link Bpf#NET_OFF} on.
   *
   * @return bytes from the frame's first one, for a frame of a ring {@code tp_net - tp_mac}; or
   *     {@link #UNKNOWN}
   */
  default long networkOffset() {
    return UNKNOWN;
  }

  /**
   * Where the link layer begins, for loads from {@link Bpf#LL_OFF} on.
   *
   * @return 0 where the frame's first byte is that of its link layer, or {@link #UNKNOWN}
   */
  default long linkOffset() {
    return UNKNOWN;
  }
}
