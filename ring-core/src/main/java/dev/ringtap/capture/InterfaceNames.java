package dev.ringtap.capture;

import dev.ringtap.linux.LinuxException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Names the interfaces of the frames of an {@code any} capture. The kernel is asked once for each
 * interface; the name that it had then stays. Thread-safe.
 */
final class InterfaceNames {
  /** Tells an interface's name. */
  interface Kernel {
    String interfaceName(int ifindex) throws LinuxException;
  }

  private final Kernel kernel;
  private final CaptureId any;
  private final Map<Integer, CaptureId> captures = new ConcurrentHashMap<>();

  /**
   * @param any the capture of all of them
   */
  InterfaceNames(Kernel kernel, CaptureId any) {
    this.kernel = kernel;
    this.any = any;
  }

  /** The capture with the name of a frame's interface; the same object for each interface. */
  CaptureId of(int ifindex) {
    CaptureId known = captures.get(ifindex);
    if (known == null) {
      known = captures.computeIfAbsent(ifindex, this::ask);
    }
    return known;
  }

  private CaptureId ask(int ifindex) {
    try {
      return any.withInterface(kernel.interfaceName(ifindex));
    } catch (LinuxException e) {
      // removed before its first frame was read; an interface number is not given out again soon
      return any;
    }
  }
}
