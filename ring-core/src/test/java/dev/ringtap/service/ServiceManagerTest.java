package dev.ringtap.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.linux.UnixReceiver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The messages are those of sd_notify(3). */
@Timeout(30)
class ServiceManagerTest {
  @Test
  void tellsSocketOfItsOwnPath(@TempDir Path directory) throws Exception {
    tellsEach(directory.resolve("notify").toString());
  }

  @Test
  void tellsAbstractSocket() throws Exception {
    tellsEach("@ringtap-" + UUID.randomUUID());
  }

  private static void tellsEach(String path) throws Exception {
    try (UnixReceiver systemd = UnixReceiver.at(path)) {
      ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", path));
      manager.status("waits for\ninterface eth0");
      manager.ready(() -> true);
      manager.stopping();
      assertThat(systemd.receive()).isEqualTo("STATUS=waits for interface eth0");
      assertThat(systemd.receive()).isEqualTo("READY=1\nSTATUS=");
      assertThat(systemd.receive()).isEqualTo("STOPPING=1");
    }
  }

  @Test
  void givesSignOfLifeUntilItIsNotAlive(@TempDir Path directory) throws Exception {
    String path = directory.resolve("notify").toString();
    String pid = Long.toString(ProcessHandle.current().pid());
    try (UnixReceiver systemd = UnixReceiver.at(path)) {
      ServiceManager manager =
          ServiceManager.of(
              Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "2000", "WATCHDOG_PID", pid));
      AtomicInteger lives = new AtomicInteger(3);
      manager.ready(
          () -> {
            boolean alive = lives.getAndDecrement() > 0;
            if (!alive) {
              manager.stopping();
            }
            return alive;
          });
      assertThat(systemd.receive()).isEqualTo("READY=1\nSTATUS=");
      for (int i = 0; i < 3; i++) {
        assertThat(systemd.receive()).isEqualTo("WATCHDOG=1");
      }
      assertThat(systemd.receive()).isEqualTo("STOPPING=1");
    }
  }

  @Test
  void isWatchedOnlyIfItIsTheProcessThatIsMeant() {
    assertThat(watchdog(ProcessHandle.current().pid())).isEqualTo(Duration.ofSeconds(30));
    assertThat(watchdog(1)).isZero();
  }

  private static Duration watchdog(long pid) {
    return ServiceManager.of(
            Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", Long.toString(pid)))
        .watchdog();
  }

  @Test
  void needsNoServiceManager(@TempDir Path directory) {
    ServiceManager.of(Map.of()).ready(() -> true);
    ServiceManager.of(Map.of("NOTIFY_SOCKET", directory + "/missing")).ready(() -> true);
    ServiceManager.of(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(200))).ready(() -> true);
    assertThatThrownBy(() -> ServiceManager.of(Map.of("NOTIFY_SOCKET", "vsock:2:9")))
        .hasMessage("NOTIFY_SOCKET is vsock:2:9; expected the path of a UNIX socket");
  }
}
