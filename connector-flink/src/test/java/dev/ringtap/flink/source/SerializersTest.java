package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.file.FileFingerprint;
import dev.ringtap.file.FileRange;
import dev.ringtap.flink.source.PacketSplit.Progress;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bytes that stand in users' checkpoints. If this fails, raise the version and read both. */
@Timeout(10)
class SerializersTest {
  private static final String LIVE =
      "00000000000000000700000000000000060000000000000005"
          + "00056e6f6465310004657468300000000200000bb8000001890a3f5c00";

  private static final String FILE =
      "01000000000000001e00000000000000140000000000000000"
          + "00072f742e706361700000000000000018000000000000040000000000000008000000000000000012"
          + "0000000200000000000000000000000000000020";

  private static final LiveSplit LIVE_SPLIT =
      new LiveSplit("node1", "eth0", 2, 3000, 0x1890a3f5c00L, new Progress(7, 6, 5));

  private static final FileSplit FILE_SPLIT =
      new FileSplit(
          "/t.pcap", 24, new FileRange(1024, 2048, 18, List.of(0L, 32L)), new Progress(30, 20, 0));

  private static String hex(PacketSplit split) throws IOException {
    return HexFormat.of().formatHex(PacketSplitSerializer.INSTANCE.serialize(split));
  }

  private static PacketSplit split(String hex) throws IOException {
    return PacketSplitSerializer.INSTANCE.deserialize(1, HexFormat.of().parseHex(hex));
  }

  @Test
  void splitsHaveTheirGoldenBytes() throws IOException {
    assertThat(hex(LIVE_SPLIT)).isEqualTo(LIVE);
    assertThat(hex(FILE_SPLIT)).isEqualTo(FILE);
  }

  @Test
  void goldenBytesAreSplits() throws IOException {
    assertThat(split(LIVE)).usingRecursiveComparison().isEqualTo(LIVE_SPLIT);
    assertThat(split(FILE)).usingRecursiveComparison().isEqualTo(FILE_SPLIT);
  }

  @Test
  void theEnumeratorsStateHasItsGoldenBytes() throws IOException {
    PacketEnumeratorState state =
        new PacketEnumeratorState(
            true,
            0x1890a3f5c00L,
            new TreeSet<>(Set.of("a/eth0#0")),
            new TreeMap<>(Map.of("/t.pcap", new FileFingerprint(4096, 0x0a0b0c0d))),
            List.of(LIVE_SPLIT, FILE_SPLIT));
    byte[] bytes = PacketEnumeratorStateSerializer.INSTANCE.serialize(state);
    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(
            "01"
                + "000001890a3f5c00"
                + "000000010008612f6574683023300000"
                + "000100072f742e70636170000010000a0b0c0d"
                + "00000002"
                + LIVE
                + FILE);
    assertThat(PacketEnumeratorStateSerializer.INSTANCE.deserialize(2, bytes))
        .usingRecursiveComparison()
        .isEqualTo(state);
  }

  @Test
  void theEnumeratorsStateOfVersionOneIsRead() throws IOException {
    byte[] bytes = HexFormat.of().parseHex("010000126700000002" + LIVE + FILE);
    assertThat(PacketEnumeratorStateSerializer.INSTANCE.deserialize(1, bytes))
        .usingRecursiveComparison()
        .isEqualTo(PacketEnumeratorState.ofFiles(true, Map.of(), List.of(LIVE_SPLIT, FILE_SPLIT)));
  }

  @Test
  void anotherVersionIsRefusedWithWhatToDo() {
    assertThatThrownBy(() -> PacketSplitSerializer.INSTANCE.deserialize(2, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version 2")
        .hasMessageContaining("restore with the build that wrote it");
    assertThatThrownBy(() -> PacketEnumeratorStateSerializer.INSTANCE.deserialize(0, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version 0");
  }
}
