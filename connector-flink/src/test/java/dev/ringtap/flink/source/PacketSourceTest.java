package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.ringtap.capture.CaptureConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.DynamicFilteringInfo;
import org.apache.flink.api.connector.source.DynamicParallelismInference;
import org.apache.flink.streaming.api.lineage.LineageDataset;
import org.apache.flink.streaming.api.lineage.SourceLineageVertex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Flink asks a source before its job runs. */
@Timeout(60)
class PacketSourceTest {
  private static final int FRAMES = 1_000;
  private static final int FRAME_BYTES = 1_000;

  @TempDir Path directory;

  private static PacketSourceBuilder<byte[]> builder() {
    return PacketSource.<byte[]>builder().deserializer(new AvroBytesDeserializer());
  }

  private Path file(String name) throws IOException {
    return PcapFile.writeNumbered(directory.resolve(name), FRAMES, FRAME_BYTES);
  }

  private record Most(int getParallelismInferenceUpperBound)
      implements DynamicParallelismInference.Context {
    @Override
    public Optional<DynamicFilteringInfo> getDynamicFilteringInfo() {
      return Optional.empty();
    }

    @Override
    public long getDataVolumePerTask() {
      return 1;
    }
  }

  @Test
  void readersAreAsManyAsSplits() throws IOException {
    file("a.pcap");
    file("b.pcap");
    PcapFile.create(directory.resolve("empty.pcap"));
    PacketSource<byte[]> whole = builder().files(directory).build();
    PacketSource<byte[]> cut = builder().files(directory).splitBytes(200_000).build();
    assertThat(whole.inferParallelism(new Most(100))).isEqualTo(3);
    assertThat(cut.inferParallelism(new Most(100)))
        .isEqualTo(2 * 6 + 1)
        .isGreaterThanOrEqualTo(
            cut.listing().list(Map.of()).cuts().values().stream()
                .mapToInt(each -> each.splits().size())
                .sum());
    assertThat(cut.inferParallelism(new Most(4))).isEqualTo(4);
    Path none = Files.createDirectory(directory.resolve("none"));
    assertThat(builder().files(none).build().inferParallelism(new Most(4))).isEqualTo(1);
    assertThat(builder().interfaceName("eth0").limit(1).build().inferParallelism(new Most(4)))
        .isEqualTo(4);
    assertThatThrownBy(
            () -> builder().files(Path.of("/no/such")).build().inferParallelism(new Most(4)))
        .hasMessage("the capture files cannot be read where the JobManager runs: /no/such");
  }

  @Test
  void framesOfFilesAreEstimated() throws IOException {
    file("a.pcap");
    file("b.pcap");
    assertThat(PacketSource.estimateFrames(List.of(directory))).isBetween(1_990L, 2_010L);
  }

  @Test
  void lineageNamesFilesAndInterfaces() {
    SourceLineageVertex files =
        builder().files(Path.of("/a.pcap"), Path.of("/captures")).build().getLineageVertex();
    assertThat(files.boundedness()).isEqualTo(Boundedness.BOUNDED);
    assertThat(files.datasets())
        .extracting(LineageDataset::namespace, LineageDataset::name)
        .containsExactly(tuple("file", "/a.pcap"), tuple("file", "/captures"));
    SourceLineageVertex live =
        builder()
            .interfaceName("eth0")
            .captureOn("node1", CaptureConfig.on("eth1").build())
            .build()
            .getLineageVertex();
    assertThat(live.boundedness()).isEqualTo(Boundedness.CONTINUOUS_UNBOUNDED);
    assertThat(live.datasets())
        .extracting(LineageDataset::namespace, LineageDataset::name)
        .containsExactly(tuple("ringtap://", "eth0"), tuple("ringtap://node1", "eth1"));
  }
}
