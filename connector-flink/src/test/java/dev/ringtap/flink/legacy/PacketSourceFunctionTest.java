package dev.ringtap.flink.legacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.flink.source.AvroBytesDeserializer;
import dev.ringtap.flink.source.PacketSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.StreamSource;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the old source keeps in checkpoints. */
@Timeout(30)
@SuppressWarnings({
  "deprecation",
  "try"
}) // the close of Flink's harness may throw InterruptedException
class PacketSourceFunctionTest {
  private static final String EMPTY_PCAP = "d4c3b2a1020004000000000000000000ffff000001000000";

  @TempDir Path directory;

  private PacketSource<byte[]> source() throws Exception {
    for (String name : List.of("a", "b", "c", "d")) {
      Files.write(directory.resolve(name), HexFormat.of().parseHex(EMPTY_PCAP));
    }
    return PacketSource.<byte[]>builder()
        .files(directory)
        .deserializer(new AvroBytesDeserializer())
        .build();
  }

  private static AbstractStreamOperatorTestHarness<byte[]> reader(
      PacketSource<byte[]> source, int subtask) throws Exception {
    return new AbstractStreamOperatorTestHarness<>(
        new StreamSource<>(new PacketSourceFunction<>(source)), 2, 2, subtask);
  }

  @Test
  void aSnapshotBeforeTheReaderRunsHoldsItsOwnSplitsOnly() throws Exception {
    PacketSource<byte[]> source = source();
    List<OperatorSubtaskState> first = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      try (var reader = reader(source, subtask)) {
        reader.open();
        first.add(reader.snapshot(1, 1));
      }
    }
    OperatorSubtaskState all =
        AbstractStreamOperatorTestHarness.repackageState(
            first.toArray(OperatorSubtaskState[]::new));
    try (var reader = reader(source, 1)) {
      reader.initializeState(
          AbstractStreamOperatorTestHarness.repartitionOperatorState(all, 2, 2, 2, 1));
      reader.open();
      OperatorSubtaskState again = reader.snapshot(2, 2);
      assertThat(splits(again)).isEqualTo(2).isEqualTo(splits(first.get(1)));
    }
  }

  private static int splits(OperatorSubtaskState state) {
    return state.getManagedOperatorState().stream()
        .mapToInt(
            handle ->
                handle.getStateNameToPartitionOffsets().get("ringtap-splits").getOffsets().length)
        .sum();
  }

  @Test
  void aSourceThatDiscoversFilesIsRefused() {
    PacketSource<byte[]> source =
        PacketSource.<byte[]>builder()
            .files(directory)
            .discoveryInterval(Duration.ofSeconds(1))
            .deserializer(new AvroBytesDeserializer())
            .build();
    assertThatThrownBy(() -> new PacketSourceFunction<>(source))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("env.fromSource");
  }
}
