package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.HwtstampConfig;
import dev.ringtap.linux.LinuxException;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has a network card take the time of all frames that come in, for as long as a capture of this
 * process needs it. The card has one configuration for everybody: what it does for sent frames
 * stays as it is, as ptp4l needs it, and what it did for received ones is restored at the end,
 * unless somebody else has changed it by then.
 */
final class HardwareClock implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  /** The card's configuration. */
  interface Card {
    String name();

    HwtstampConfig timestamps() throws LinuxException;

    /** Returns what the driver has made of it. */
    HwtstampConfig setTimestamps(HwtstampConfig config) throws LinuxException;
  }

  /** What was found where this process turned a clock on, by the card's name. */
  private static final Map<String, Before> CHANGED = new HashMap<>();

  private static final class Before {
    private final HwtstampConfig config;
    private int users;

    Before(HwtstampConfig config) {
      this.config = config;
    }
  }

  private final Card card;
  private final String name;

  /** What the last close restores; null if nothing was changed, or after close. */
  private @Nullable Before before;

  private HardwareClock(Card card) {
    this.card = card;
    this.name = card.name();
  }

  /**
   * Turns the clock on.
   *
   * @throws CaptureException if the card has none, or not for all frames, or without permission
   */
  static HardwareClock turnOn(Card card) throws CaptureException {
    HardwareClock clock = new HardwareClock(card);
    synchronized (CHANGED) {
      try {
        clock.turnOn();
      } catch (LinuxException e) {
        throw refused(card.name(), e);
      }
    }
    return clock;
  }

  private void turnOn() throws LinuxException, CaptureException {
    HwtstampConfig found = card.timestamps();
    if (found.rxFilter() != HwtstampConfig.HWTSTAMP_FILTER_ALL) {
      HwtstampConfig now = card.setTimestamps(found.ofAllReceived());
      if (now.rxFilter() != HwtstampConfig.HWTSTAMP_FILTER_ALL) {
        card.setTimestamps(found);
        throw new CaptureException(
            Reason.UNSUPPORTED_SYSTEM,
            "%s takes the time of some frames only (rx_filter %s); use timestamp-type host"
                .formatted(name, now.rxFilter()));
      }
      // another capture's count goes on if somebody else turned its clock off
      CHANGED.putIfAbsent(name, new Before(found));
    }
    before = CHANGED.get(name);
    if (before != null) {
      before.users++;
    }
  }

  private static CaptureException refused(String name, LinuxException e) {
    boolean permission = e.errno() == Errno.EPERM;
    return new CaptureException(
        permission ? Reason.NO_PERMISSION : Reason.UNSUPPORTED_SYSTEM,
        permission
            ? ("no permission to turn the timestamps of %s on: CAP_NET_ADMIN is missing; grant"
                    + " it, or use timestamp-type host")
                .formatted(name)
            : "%s takes no timestamps of its own; use timestamp-type host (%s)"
                .formatted(name, e.getMessage()),
        e);
  }

  /** Restores what was found, if this is the last capture that needs the clock. */
  @Override
  public void close() {
    synchronized (CHANGED) {
      Before used = before;
      before = null;
      if (used == null || --used.users > 0) {
        return;
      }
      CHANGED.remove(name);
      try {
        if (card.timestamps().equals(used.config.ofAllReceived())) {
          card.setTimestamps(used.config);
        }
      } catch (LinuxException e) {
        LOG.log(
            Level.WARNING,
            "card timestamps not restored interface={0} rxFilter={1} reason={2}",
            name,
            Integer.toString(used.config.rxFilter()),
            e.getMessage());
      }
    }
  }
}
