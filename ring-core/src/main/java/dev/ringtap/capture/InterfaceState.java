package dev.ringtap.capture;

/** What has become of the interface of a live capture. */
public enum InterfaceState {
  /** It is set up: frames come in. */
  UP,
  /** It is set down; the capture goes on when it is up again. */
  DOWN,
  /** It was removed, moved to another network namespace, or the capture is closed. */
  MISSING
}
