package dev.ringtap.capture;

/** Whose clock the timestamps are. The names are libpcap's. */
public enum TimestampType {
  /** The kernel's, as it receives the frame. */
  HOST,
  /** The network card's own, which something else, such as PTP, keeps in step with the time. */
  ADAPTER_UNSYNCED
}
