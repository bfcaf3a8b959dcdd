package dev.ringtap.testkit;

import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;

/** Private networks for tests. */
public final class PrivateNetworks {
  private PrivateNetworks() {}

  /** Makes one, or skips the test where that is not allowed. */
  public static PrivateNetwork createOrSkip() throws IOException {
    Requirements.privateNetwork();
    return PrivateNetwork.create();
  }
}
