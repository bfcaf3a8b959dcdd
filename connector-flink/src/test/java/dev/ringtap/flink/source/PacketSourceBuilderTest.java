package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.filter.BpfProgram;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class PacketSourceBuilderTest {
  private static PacketSourceBuilder<byte[]> builder() {
    return PacketSource.<byte[]>builder().deserializer(new AvroBytesDeserializer());
  }

  @Test
  void whatIsMissingOrDoesNotGoTogetherIsSaid() {
    assertThatThrownBy(() -> builder().build()).hasMessageContaining("name an interface or files");
    assertThatThrownBy(() -> builder().interfaceName("a").files(Path.of("b")).build())
        .hasMessageContaining("make two and union");
    assertThatThrownBy(() -> PacketSource.builder().interfaceName("a").build())
        .hasMessageContaining("no deserializer");
    assertThatThrownBy(() -> builder().interfaceName("a").follow().build())
        .hasMessageContaining("only files");
    assertThatThrownBy(() -> builder().interfaceName("a").hostName("b").build())
        .hasMessageContaining("set CaptureOption.HOST_NAME");
    assertThatThrownBy(() -> builder().interfaceName("a").fileSnapLength(96).build())
        .hasMessageContaining("set CaptureOption.SNAP_LENGTH_BYTES");
    assertThatThrownBy(() -> builder().files(Path.of("b")).duration(Duration.ofDays(1)).build())
        .hasMessageContaining("only live captures");
    assertThatThrownBy(() -> builder().interfaceName("a").interfaceName("a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("captured twice on every host");
    assertThatThrownBy(() -> builder().limit(0)).hasMessage("limit is 0; expected at least 1");
  }

  @Test
  void boundednessIsThatOfWhatIsRead() {
    Boundedness endless = Boundedness.CONTINUOUS_UNBOUNDED;
    assertThat(builder().interfaceName("a").build().getBoundedness()).isEqualTo(endless);
    assertThat(builder().interfaceName("a").limit(5).build().getBoundedness())
        .isEqualTo(Boundedness.BOUNDED);
    assertThat(
            builder().interfaceName("a").duration(Duration.ofSeconds(1)).build().getBoundedness())
        .isEqualTo(Boundedness.BOUNDED);
    assertThat(builder().files(Path.of("a")).build().getBoundedness())
        .isEqualTo(Boundedness.BOUNDED);
    assertThat(builder().files(Path.of("a")).follow().build().getBoundedness()).isEqualTo(endless);
  }

  @Test
  void aSourceTravelsWithAllItsOptions() throws Exception {
    CaptureConfig config =
        CaptureConfig.on("eth7")
            .set(CaptureOption.SNAP_LENGTH_BYTES, 96)
            .set(CaptureOption.PROMISCUOUS, false)
            .set(CaptureOption.FANOUT_GROUP, 77)
            .set(CaptureOption.HOST_NAME, "probe-7")
            .build();
    PacketSource<byte[]> source =
        builder().captureOn("node1", config).filter(BpfProgram.acceptAll(50)).build();
    PacketSource<byte[]> arrived = InstantiationUtil.clone(source);
    CaptureConfig there = arrived.opener().captures("node1").get(0);
    for (CaptureOption<?> option : CaptureOption.ALL) {
      assertThat((Object) there.get(option)).as(option.name()).isEqualTo(config.get(option));
    }
    assertThat(arrived.opener().captures("node2")).isEmpty();
  }
}
