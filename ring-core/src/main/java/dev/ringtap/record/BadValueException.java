package dev.ringtap.record;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A value that holds no packet that can be read; the message says why. */
public final class BadValueException extends IOException {
  private static final long serialVersionUID = 1;

  BadValueException(String message) {
    super(message);
  }

  BadValueException(@Nullable String message, Throwable cause) {
    super(message, cause);
  }
}
