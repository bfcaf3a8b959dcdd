package dev.ringtap.filter;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A filter expression that could not be compiled. The message says why and what to do. */
public final class FilterException extends IOException {
  private static final long serialVersionUID = 1;

  /** Why, for callers that decide by it. */
  public enum Reason {
    /** The expression is wrong or means nothing here; the message has libpcap's words. */
    EXPRESSION,
    /** No libpcap is installed, or this process may not load it. */
    NO_LIBRARY,
    /** libpcap cannot open the interface, or its frames have a header that has no filters here. */
    INTERFACE
  }

  private final Reason reason;

  FilterException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why it failed. */
  public Reason reason() {
    return reason;
  }
}
