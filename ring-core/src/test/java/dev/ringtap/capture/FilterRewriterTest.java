package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.BpfProgram;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class FilterRewriterTest {
  private static BpfProgram load(int code, long at) {
    return BpfProgram.parse("2\n" + code + " 0 0 " + at + "\n6 0 0 1\n");
  }

  /** Codes: 32 ld [k], 40 ldh [k], 48 ldb [k], 72 ldh [x + k], 177 ldx 4*([k]&0xf), 0 ld #k. */
  @ParameterizedTest
  @CsvSource({
    "113, 40, 0, 4294963204",
    "113, 40, 2, 4294963228",
    "113, 40, 14, 4294963200",
    "113, 40, 16, 0",
    "113, 72, 18, 2",
    "113, 177, 16, 0",
    "276, 40, 0, 4294963200",
    "276, 32, 4, 4294963208",
    "276, 40, 8, 4294963228",
    "276, 48, 10, 4294963204",
    "276, 40, 40, 20",
    "276, 177, 20, 0",
    "276, 40, 4294963200, 4294963200",
    "276, 48, 4293918720, 4293918720",
    "276, 0, 12, 12"
  })
  void loadsAreMovedToWhatTheKernelSees(int linkType, int code, long at, long fitted)
      throws CaptureException {
    assertThat(FilterRewriter.cooked(load(code, at), linkType)).isEqualTo(load(code, fitted));
  }

  @ParameterizedTest
  @CsvSource({
    "113, 40, 4",
    "113, 40, 15",
    "276, 40, 2",
    "276, 40, 12",
    "276, 40, 19",
    // a part of a field, or it by way of X
    "113, 48, 0",
    "113, 32, 0",
    "113, 32, 14",
    "113, 72, 14",
    "113, 177, 14",
    "276, 48, 0",
    "276, 40, 4",
    "276, 40, 10",
    "276, 80, 10",
    "276, 177, 10"
  })
  void otherBytesOfTheHeaderAreRefused(int linkType, int code, int at) {
    assertThatThrownBy(() -> FilterRewriter.cooked(load(code, at), linkType))
        .hasMessageContaining("the filter reads byte " + at)
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.UNSUPPORTED_FILTER);
  }

  @Test
  void cookedSnapLengthKeepsTheHeaderAndAByte() {
    CaptureInterface ppp =
        new CaptureInterface("ppp0", 3, true, true, false, false, 1500, 512, "none");
    assertThat(ppp.isCooked()).isTrue();
    assertThat(ppp.isKnown()).isTrue();
    assertThat(ppp.linkType()).isEqualTo(LinkType.LINUX_SLL);
    assertThat(ppp.snapLengthBytes(1)).isEqualTo(21);
    assertThat(ppp.snapLengthBytes(96)).isEqualTo(96);
    CaptureInterface tun =
        new CaptureInterface("tun0", 4, true, true, false, false, 1500, 0xFFFE, "none");
    assertThat(tun.isCooked()).isFalse();
    assertThat(tun.linkType()).isEqualTo(LinkType.RAW_IP);
    assertThat(tun.snapLengthBytes(1)).isEqualTo(1);
  }

  /** A program that looks at A before it loads anything finds 0, as from the kernel. */
  @Test
  void theProgramAfterADirectionStartsWithZero() {
    BpfProgram keepsZero = BpfProgram.parse("3\n21 0 1 0\n6 0 0 96\n6 0 0 0\n");
    byte[] frame = new byte[60];
    for (BpfProgram each :
        List.of(
            FilterRewriter.only(Direction.IN, keepsZero),
            FilterRewriter.withoutOutgoing(1, keepsZero))) {
      int kept =
          new BpfInterpreter(each)
              .run(
                  MemorySegment.ofArray(frame),
                  0,
                  frame.length,
                  frame.length,
                  which -> PacketType.OTHERHOST.ordinal());
      assertThat(kept).isEqualTo(96);
    }
  }

  /** As libpcap labels the conduit of a switch chip. */
  @ParameterizedTest
  @CsvSource({"none, 1", "brcm, 281", "brcm-prepend, 282", "dsa, 284", "edsa, 285", "ocelot, 303"})
  void switchTagsHaveLinkTypes(String tag, int linkType, @TempDir Path directory)
      throws IOException {
    Path tagging = Files.writeString(directory.resolve("tagging"), tag + "\n");
    CaptureInterface conduit =
        new CaptureInterface(
            "eth0", 2, true, true, false, false, 1500, 1, CaptureInterface.switchTag(tagging));
    assertThat(conduit.linkType()).isEqualTo(linkType);
    assertThat(conduit.isCooked()).isFalse();
    assertThat(conduit.ethernetHeaderBytes()).isEqualTo(linkType == 1 ? 14 : 0);
    assertThat(CaptureInterface.switchTag(directory.resolve("missing"))).isEqualTo("none");
  }
}
