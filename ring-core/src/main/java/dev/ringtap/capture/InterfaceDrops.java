package dev.ringtap.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Frames that an interface dropped before any packet socket could see them, since this object was
 * made: what its card missed, or had no room for. They are in no other count, and stand beside the
 * ledger. As libpcap's {@code ps_ifdrop}. Thread-safe.
 */
public final class InterfaceDrops {
  /** What {@link #count} says where the system does not tell. */
  public static final long UNKNOWN = -1;

  private static final Path INTERFACES = Path.of("/sys/class/net");

  private final Path device;
  private final int index;
  private final long atStart;

  private InterfaceDrops(Path device, int index) {
    this.device = device;
    this.index = index;
    this.atStart = read();
  }

  /** Watches an interface; {@link CaptureInterface#ANY} has no counters. */
  public static InterfaceDrops of(CaptureInterface device) {
    return of(device, INTERFACES);
  }

  static InterfaceDrops of(CaptureInterface device, Path interfaces) {
    return new InterfaceDrops(interfaces.resolve(device.name()), device.index());
  }

  /** How many so far, or {@link #UNKNOWN}. */
  public long count() {
    long now = read();
    return now == UNKNOWN || atStart == UNKNOWN ? UNKNOWN : now - atStart;
  }

  private long read() {
    try {
      // sysfs may be mounted for another network namespace, where the name is another device
      if (number("ifindex") != index) {
        return UNKNOWN;
      }
      return number("statistics/rx_missed_errors") + number("statistics/rx_fifo_errors");
    } catch (IOException | NumberFormatException e) {
      return UNKNOWN;
    }
  }

  private long number(String file) throws IOException {
    return Long.parseLong(Files.readString(device.resolve(file)).strip());
  }
}
