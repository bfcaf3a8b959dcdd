package dev.ringtap.bench.live;

/**
 * Frames that are all alike.
 *
 * @param frameBytes length without a VLAN tag
 * @param tagged whether they have one, which makes them 4 bytes longer
 */
record Traffic(int frameBytes, boolean tagged) {
  private static final String TAG = "81002064";

  /** The tag in hexadecimal digits, TPID and TCI; 0 for none. */
  String tag() {
    return tagged ? TAG : "0";
  }

  /** Frames of the same length that a reader's code takes the other way through. */
  Traffic other() {
    return new Traffic(frameBytes, !tagged);
  }

  @Override
  public String toString() {
    return frameBytes + " B" + (tagged ? " tagged" : "");
  }
}
