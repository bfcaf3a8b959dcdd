package dev.ringtap.linux;

/** Downcalls. */
public final class Libc {
  public static final int AF_PACKET = 17;

  private Libc() {}
}
