package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Of which frames a network card takes the time, from {@code <linux/net_tstamp.h>}:
 *
 * <pre>{@code
 * struct hwtstamp_config {
 *   int flags;
 *   int tx_type;    // HWTSTAMP_TX_OFF, or of which sent frames
 *   int rx_filter;  // HWTSTAMP_FILTER_NONE, HWTSTAMP_FILTER_ALL, or of which received ones
 * };
 * }</pre>
 */
public record HwtstampConfig(int flags, int txType, int rxFilter) {
  public static final int HWTSTAMP_TX_OFF = 0;
  public static final int HWTSTAMP_FILTER_NONE = 0;
  public static final int HWTSTAMP_FILTER_ALL = 1;

  static final int BYTES = 12;

  static final long FLAGS = 0;
  static final long TX_TYPE = 4;
  static final long RX_FILTER = 8;

  static HwtstampConfig read(MemorySegment config) {
    return new HwtstampConfig(
        config.get(JAVA_INT, FLAGS),
        config.get(JAVA_INT, TX_TYPE),
        config.get(JAVA_INT, RX_FILTER));
  }

  void write(MemorySegment config) {
    config.set(JAVA_INT, FLAGS, flags);
    config.set(JAVA_INT, TX_TYPE, txType);
    config.set(JAVA_INT, RX_FILTER, rxFilter);
  }

  /** The same with the time of all received frames. */
  public HwtstampConfig ofAllReceived() {
    return new HwtstampConfig(flags, txType, HWTSTAMP_FILTER_ALL);
  }
}
