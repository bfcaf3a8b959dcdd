package dev.ringtap.capture;

/** The LINKTYPE values that a live capture delivers; files may carry any other. */
public final class LinkType {
  public static final int ETHERNET = 1;
  public static final int RAW_IP = 101;
  public static final int LINUX_SLL = 113;
  public static final int LINUX_SLL2 = 276;

  private LinkType() {}
}
