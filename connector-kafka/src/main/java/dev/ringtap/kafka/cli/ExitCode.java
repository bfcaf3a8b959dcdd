package dev.ringtap.kafka.cli;

/** How a command ends. */
final class ExitCode {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int BAD_USAGE = 2;

  /** EX_NOPERM of sysexits.h; a JVM out of memory ends with 3. */
  static final int NO_PERMISSION = 77;

  private ExitCode() {}
}
