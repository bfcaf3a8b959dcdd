package dev.ringtap.capture;

import dev.ringtap.linux.Libc;

/** Whether this process can make the system calls of a capture. */
final class NativeAccess {
  private NativeAccess() {}

  static void require() throws CaptureException {
    String system = System.getProperty("os.name");
    if (!"Linux".equals(system)) {
      throw new CaptureException(
          CaptureException.Reason.UNSUPPORTED_SYSTEM,
          ("live capture reads the Linux kernel's packet ring, this is %s; capture files can"
                  + " be read here")
              .formatted(system));
    }
    String refusal = Machine.refusal();
    if (refusal != null) {
      throw new CaptureException(CaptureException.Reason.UNSUPPORTED_SYSTEM, refusal);
    }
    try {
      Libc.load();
    } catch (LinkageError | IllegalCallerException e) {
      throw new CaptureException(
          CaptureException.Reason.UNSUPPORTED_SYSTEM,
          ("native access is denied (%s); start java with --enable-native-access=ALL-UNNAMED,"
                  + " or =dev.ringtap.core on the module path")
              .formatted(e.getCause() == null ? e : e.getCause()),
          e);
    }
  }
}
