package dev.ringtap.capture;

/** Which way frames go that are captured, seen from this host. */
public enum Direction {
  /** What comes in. */
  IN,
  /** What this host sends. */
  OUT,
  /** Both; on the loopback, where each frame would show twice, as it comes in. */
  INOUT
}
