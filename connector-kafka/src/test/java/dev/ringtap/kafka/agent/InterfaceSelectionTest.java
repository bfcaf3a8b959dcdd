package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureInterface;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class InterfaceSelectionTest {
  private static final List<CaptureInterface> HOST =
      Stream.of("lo", "ens1", "ens2", "docker0", "veth7f").map(name -> device(name, true)).toList();

  private static CaptureInterface device(String name, boolean up) {
    return new CaptureInterface(
        name, 1, up, up, false, false, 1500, 1, CaptureInterface.NO_SWITCH_TAG);
  }

  private static InterfaceSelection selection(String wanted, String... excluded) {
    return new InterfaceSelection(List.of(wanted.split(" ")), List.of(excluded));
  }

  @Test
  void namesAndPatternsSelectInterfacesThatAreUp() {
    assertThat(selection("ens*").among(HOST)).containsExactly("ens1", "ens2");
    assertThat(selection("ens?").among(HOST)).containsExactly("ens1", "ens2");
    assertThat(selection("ens[2-9]").among(HOST)).containsExactly("ens2");
    assertThat(selection("docker0 ens1").among(HOST)).containsExactly("ens1", "docker0");
    assertThat(selection("ens1 ens*").among(HOST)).containsExactly("ens1", "ens2");
    assertThat(selection("missing").among(HOST)).isEmpty();
    assertThat(selection("ens1").among(List.of(device("ens1", false)))).isEmpty();
  }

  @Test
  void anExclusionIsForPatternsAlone() {
    assertThat(selection("*", "docker*", "lo", "veth*").among(HOST))
        .containsExactly("ens1", "ens2");
    assertThat(selection("docker0 d*", "docker*").among(HOST)).containsExactly("docker0");
  }

  @Test
  void anyStandsForAllAtOnce() {
    assertThat(selection("any").among(HOST)).containsExactly("any");
    assertThat(selection("*").among(HOST)).doesNotContain("any");
  }

  @Test
  void whatIsMissingIsKnown() {
    assertThat(selection("ens1 ens9 wlan*").without(List.of("ens1")))
        .containsExactly("ens9", "wlan*");
  }

  @Test
  void onlyOneNameIsOne() {
    assertThat(selection("ens1").isOne()).isTrue();
    assertThat(selection("ens*").isOne()).isFalse();
    assertThat(selection("ens1 ens2").isOne()).isFalse();
  }

  @Test
  void aWrongPatternIsRefused() {
    assertThatThrownBy(() -> selection("ens["))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'ens[' is no pattern");
  }
}
