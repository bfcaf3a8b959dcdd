package dev.ringtap.lab;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;

/** Private networks for tests. */
public final class PrivateNetworks {
  private PrivateNetworks() {}

  /** Makes one, or skips the test where that is not allowed. */
  public static PrivateNetwork createOrSkip() throws IOException {
    String cause = PrivateNetwork.unavailabilityCause();
    assumeTrue(cause == null, "needs root for a network namespace: " + cause);
    return PrivateNetwork.create();
  }
}
