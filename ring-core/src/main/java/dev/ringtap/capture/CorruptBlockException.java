package dev.ringtap.capture;

/**
 * A block whose headers contradict themselves. The frames before the fault were good; the rest of
 * the block cannot be read. Give the block back and go on with the next.
 */
public final class CorruptBlockException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int unreadFrames;

  CorruptBlockException(String message, int unreadFrames) {
    super(message);
    this.unreadFrames = unreadFrames;
  }

  /** How many frames the block claims to hold beyond the last one that could be read. */
  public int unreadFrames() {
    return unreadFrames;
  }
}
