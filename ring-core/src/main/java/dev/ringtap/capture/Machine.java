package dev.ringtap.capture;

import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Which machines blocks can be read on. */
public final class Machine {
  private Machine() {}

  /** Why this machine is not one of them; null if it is. */
  public static @Nullable String refusal() {
    return refusal(ByteOrder.nativeOrder());
  }

  static @Nullable String refusal(ByteOrder order) {
    return order == ByteOrder.LITTLE_ENDIAN
        ? null
        : ("Ringtap runs on little-endian machines only, this one is big-endian (%s); use"
                + " tcpdump here, and read its files elsewhere")
            .formatted(System.getProperty("os.arch"));
  }
}
