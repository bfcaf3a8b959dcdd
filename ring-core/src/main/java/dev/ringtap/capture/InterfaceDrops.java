package dev.ringtap.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Frames that an interface dropped before any packet socket could see them, since this object was
 * made: what its card missed, or had no room for. They are in no other count, and stand beside the
 * ledger. As libpcap's {@code ps_ifdrop}. Thread-safe.
 *
 * <p>When the interface is removed the count stays; an interface that is made again under the name
 * is counted on from its first look.
 */
public final class InterfaceDrops {
  /** What {@link #count} says where the system does not tell. */
  public static final long UNKNOWN = -1;

  private static final Path INTERFACES = Path.of("/sys/class/net");

  private final Path device;

  /** Guarded by this, as all that follows. */
  private int index;

  private long last;
  private long count;

  private InterfaceDrops(Path device, int index) {
    this.device = device;
    this.index = index;
    try {
      // sysfs may be mounted for another network namespace, where the name is another device
      boolean same = number("ifindex") == index;
      this.last = drops();
      this.count = same ? 0 : UNKNOWN;
    } catch (IOException | NumberFormatException e) {
      this.count = UNKNOWN;
    }
  }

  /** Watches an interface; {@link CaptureInterface#ANY} has no counters. */
  public static InterfaceDrops of(CaptureInterface device) {
    return of(device, INTERFACES);
  }

  static InterfaceDrops of(CaptureInterface device, Path interfaces) {
    return new InterfaceDrops(interfaces.resolve(device.name()), device.index());
  }

  /** How many so far, or {@link #UNKNOWN}. */
  public synchronized long count() {
    if (count != UNKNOWN) {
      look();
    }
    return count;
  }

  private void look() {
    try {
      int now = (int) number("ifindex");
      long drops = drops();
      count += now == index ? Math.max(0, drops - last) : 0;
      index = now;
      last = drops;
    } catch (IOException | NumberFormatException e) {
      // removed: what it dropped before counts
    }
  }

  private long drops() throws IOException {
    return number("statistics/rx_missed_errors") + number("statistics/rx_fifo_errors");
  }

  private long number(String file) throws IOException {
    return Long.parseLong(Files.readString(device.resolve(file)).strip());
  }
}
