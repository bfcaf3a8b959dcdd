package dev.ringtap.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.filter.FilterException.Reason;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class FilterCompilerTest {
  @Test
  void missingLibraryNamesWhatToInstallAndTheWayWithoutIt() {
    FilterCompiler compiler = new FilterCompiler(List.of("libnothing.so.1", "libnothing.so.0.8"));
    assertThatThrownBy(() -> compiler.compile("udp", 1, 96))
        .isInstanceOf(FilterException.class)
        .hasMessage(
            "filter expressions are compiled by libpcap, which is not installed (looked for"
                + " libnothing.so.1, libnothing.so.0.8): apt install libpcap0.8, or dnf install"
                + " libpcap; --bpf FILE with what `tcpdump -ddd` prints needs no library")
        .extracting(e -> ((FilterException) e).reason())
        .isEqualTo(Reason.NO_LIBRARY);
    assertThatThrownBy(() -> compiler.compileLive("udp", "lo", 1, 96))
        .hasMessageContaining("which is not installed");
    assertThatThrownBy(compiler::libraryVersion).hasMessageContaining("which is not installed");
  }

  @Test
  void libraryWithoutThatCompilerIsAnAnswerToo() {
    FilterCompiler compiler = new FilterCompiler(List.of("libc.so.6"));
    assertThatThrownBy(() -> compiler.compile("udp", 1, 96))
        .hasMessageContaining("libpcap, which compiles filter expressions, cannot be used")
        .hasMessageContaining("--bpf FILE");
  }

  @Test
  void oneProgramServesAllLinkTypes() throws FilterException {
    FrameFilter filter = FrameFilter.of(BpfProgram.REJECT);
    assertThat(filter.forLinkType(1)).isSameAs(BpfProgram.REJECT);
    assertThat(filter.forLinkType(101)).isSameAs(BpfProgram.REJECT);
  }
}
