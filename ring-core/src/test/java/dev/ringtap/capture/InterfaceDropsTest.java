package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class InterfaceDropsTest {
  @TempDir Path interfaces;

  @BeforeEach
  void makeInterface() throws IOException {
    Files.createDirectories(interfaces.resolve("eth0/statistics"));
    write("ifindex", 7);
    write("statistics/rx_missed_errors", 100);
    write("statistics/rx_fifo_errors", 20);
  }

  private void write(String file, long number) throws IOException {
    Files.writeString(interfaces.resolve("eth0").resolve(file), number + "\n");
  }

  private static CaptureInterface eth0(int index) {
    return new CaptureInterface("eth0", index, true, true, false, false, 1500, 1, "none");
  }

  @Test
  void countsWhatIsDroppedFromNowOn() throws IOException {
    InterfaceDrops drops = InterfaceDrops.of(eth0(7), interfaces);
    assertThat(drops.count()).isZero();
    write("statistics/rx_missed_errors", 150);
    write("statistics/rx_fifo_errors", 21);
    assertThat(drops.count()).isEqualTo(51);
  }

  @Test
  void anotherDeviceOfTheNameIsNotCounted() {
    assertThat(InterfaceDrops.of(eth0(8), interfaces).count()).isEqualTo(InterfaceDrops.UNKNOWN);
  }

  @Test
  void goesOnWithAnInterfaceThatIsMadeAgain() throws IOException {
    InterfaceDrops drops = InterfaceDrops.of(eth0(7), interfaces);
    write("statistics/rx_missed_errors", 105);
    assertThat(drops.count()).isEqualTo(5);
    Files.delete(interfaces.resolve("eth0/ifindex"));
    assertThat(drops.count()).isEqualTo(5);
    write("ifindex", 9);
    write("statistics/rx_missed_errors", 1);
    assertThat(drops.count()).isEqualTo(5);
    write("statistics/rx_missed_errors", 3);
    assertThat(drops.count()).isEqualTo(7);
  }
}
