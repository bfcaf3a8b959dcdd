package dev.ringtap.service;

import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.UnixDatagram;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells systemd, or whatever has set {@code NOTIFY_SOCKET}, how the process is, as {@code
 * sd_notify(3)} does. Without a service manager nothing is told. A message that cannot be sent is
 * only logged. Thread-safe.
 */
public final class ServiceManager {
  private static final System.Logger LOG = System.getLogger(ServiceManager.class.getName());

  /** Null without a service manager. */
  private final @Nullable String socket;

  private final Duration watchdog;

  private ServiceManager(@Nullable String socket, Duration watchdog) {
    this.socket = socket;
    this.watchdog = watchdog;
  }

  /** The manager that the process's environment names. */
  public static ServiceManager ofProcess() {
    return of(System.getenv());
  }

  /**
   * The manager that {@code NOTIFY_SOCKET}, {@code WATCHDOG_USEC} and {@code WATCHDOG_PID} name.
   *
   * @throws IllegalArgumentException if the first is no UNIX socket, or another no number
   */
  static ServiceManager of(Map<String, String> environment) {
    String socket = environment.get("NOTIFY_SOCKET");
    if (socket != null && !socket.matches("[/@].+")) {
      throw new IllegalArgumentException(
          "NOTIFY_SOCKET is " + socket + "; expected the path of a UNIX socket");
    }
    String micros = environment.get("WATCHDOG_USEC");
    String pid = environment.get("WATCHDOG_PID");
    boolean watched =
        micros != null && (pid == null || Long.parseLong(pid) == ProcessHandle.current().pid());
    return new ServiceManager(
        socket, Duration.ofNanos(watched ? Math.multiplyExact(Long.parseLong(micros), 1000) : 0));
  }

  /** How long the service manager waits for a sign of life; zero if it does not. */
  Duration watchdog() {
    return watchdog;
  }

  /** Shows a text in {@code systemctl status}. */
  public void status(String text) {
    send("STATUS=" + text.replace('\n', ' '));
  }

  /**
   * The service has started, and the status before has passed.
   *
   * @param alive asked at half of the watchdog's interval, if there is one, by a thread of its own:
   *     once it is false or throws, the service manager is left to end the process
   */
  public void ready(BooleanSupplier alive) {
    send("READY=1\nSTATUS=");
    if (socket != null && !watchdog.isZero()) {
      Thread thread = new Thread(() -> watch(alive), "watchdog");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void watch(BooleanSupplier alive) {
    try {
      while (alive.getAsBoolean()) {
        send("WATCHDOG=1");
        Thread.sleep(watchdog.dividedBy(2));
      }
      LOG.log(
          Level.ERROR,
          "not alive; the service manager ends the process watchdogSeconds={0}",
          watchdog.toSeconds());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The service has begun to stop. */
  public void stopping() {
    send("STOPPING=1");
  }

  private void send(String message) {
    if (socket == null) {
      return;
    }
    try {
      UnixDatagram.send(socket, message.getBytes(StandardCharsets.UTF_8));
    } catch (LinuxException e) {
      LOG.log(
          Level.WARNING,
          "the service manager is not told message={0} reason={1}",
          message,
          e.getMessage());
    }
  }
}
