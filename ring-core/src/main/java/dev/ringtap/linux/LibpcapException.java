package dev.ringtap.linux;

import java.io.IOException;

/** A call into libpcap that failed; the message is libpcap's own. */
public final class LibpcapException extends IOException {
  private static final long serialVersionUID = 1;

  private final boolean expressionRefused;

  LibpcapException(String message, boolean expressionRefused) {
    super(message);
    this.expressionRefused = expressionRefused;
  }

  /** Whether libpcap's compiler refused the expression; otherwise a handle could not be had. */
  public boolean isExpressionRefused() {
    return expressionRefused;
  }
}
