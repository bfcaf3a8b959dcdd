package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.linux.HwtstampConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A card as the kernel's drivers are: one configuration, which they may change when it is set. */
class HardwareClockTest {
  private static final int TX_ON = 1;
  private static final int PTP_V2_EVENT = 12;

  private static final class Card implements HardwareClock.Card {
    private final String name = UUID.randomUUID().toString();
    private final List<HwtstampConfig> set = new ArrayList<>();
    private final int mostFilter;
    private HwtstampConfig now;

    Card(int txType, int rxFilter, int mostFilter) {
      now = new HwtstampConfig(0, txType, rxFilter);
      this.mostFilter = mostFilter;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public HwtstampConfig timestamps() {
      return now;
    }

    @Override
    public HwtstampConfig setTimestamps(HwtstampConfig config) {
      set.add(config);
      int filter =
          config.rxFilter() == HwtstampConfig.HWTSTAMP_FILTER_ALL ? mostFilter : config.rxFilter();
      now = new HwtstampConfig(config.flags(), config.txType(), filter);
      return now;
    }
  }

  private static HwtstampConfig config(int txType, int rxFilter) {
    return new HwtstampConfig(0, txType, rxFilter);
  }

  /** ptp4l sets both: without times of sent frames it stops. */
  @Test
  void whatIsSetForSentFramesStaysAndTheRestIsRestored() throws CaptureException {
    Card card = new Card(TX_ON, PTP_V2_EVENT, 1);
    HardwareClock clock = HardwareClock.turnOn(card);
    assertThat(card.now).isEqualTo(config(TX_ON, 1));
    clock.close();
    clock.close();
    assertThat(card.now).isEqualTo(config(TX_ON, PTP_V2_EVENT));
    assertThat(card.set).hasSize(2);
  }

  @Test
  void theLastCaptureRestores() throws CaptureException {
    Card card = new Card(0, 0, 1);
    HardwareClock first = HardwareClock.turnOn(card);
    HardwareClock second = HardwareClock.turnOn(card);
    first.close();
    assertThat(card.now).isEqualTo(config(0, 1));
    second.close();
    assertThat(card.now).isEqualTo(config(0, 0));
  }

  @Test
  void whatSomebodyElseHasSetStays() throws CaptureException {
    Card turnedOn = new Card(TX_ON, 1, 1);
    HardwareClock.turnOn(turnedOn).close();
    assertThat(turnedOn.set).isEmpty();

    Card card = new Card(0, 0, 1);
    HardwareClock clock = HardwareClock.turnOn(card);
    card.now = config(TX_ON, 1);
    clock.close();
    assertThat(card.now).isEqualTo(config(TX_ON, 1));
  }

  /** A driver may take the time of fewer frames than it was asked for. */
  @Test
  void aCardThatTakesTheTimeOfSomeFramesOnlyIsRefused() {
    Card card = new Card(TX_ON, 0, PTP_V2_EVENT);
    assertThatThrownBy(() -> HardwareClock.turnOn(card))
        .hasMessage(
            card.name
                + " takes the time of some frames only (rx_filter 12); use timestamp-type host")
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.UNSUPPORTED_SYSTEM);
    assertThat(card.now).isEqualTo(config(TX_ON, 0));
  }
}
