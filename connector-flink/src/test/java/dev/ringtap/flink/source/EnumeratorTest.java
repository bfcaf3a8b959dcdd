package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.flink.source.PacketSplit.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.connector.testutils.source.reader.TestingSplitEnumeratorContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which reader gets which split. */
@Timeout(20)
class EnumeratorTest {
  @TempDir Path directory;

  private static PacketSourceBuilder<byte[]> builder() {
    return PacketSource.<byte[]>builder().deserializer(new AvroBytesDeserializer());
  }

  private static void add(
      TestingSplitEnumeratorContext<PacketSplit> context,
      SplitEnumerator<PacketSplit, PacketEnumeratorState> enumerator,
      int subtask,
      String host) {
    context.registerReader(subtask, host);
    enumerator.addReader(subtask);
  }

  private static Map<Integer, List<String>> assigned(
      TestingSplitEnumeratorContext<PacketSplit> context) {
    Map<Integer, List<String>> ids = new TreeMap<>();
    context
        .getSplitAssignments()
        .forEach(
            (subtask, state) ->
                ids.put(
                    subtask,
                    state.getAssignedSplits().stream().map(PacketSplit::splitId).toList()));
    return ids;
  }

  @Test
  void eachHostsInterfacesGoToItsReadersAndAreSharedByFanout() throws Exception {
    PacketSource<byte[]> source =
        builder()
            .interfaceName("eth0")
            .captureOn("b", CaptureConfig.on("lan1").build())
            .captureOn("b", CaptureConfig.on("lan2").build())
            .build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(3);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      assertThat(assigned(context)).as("before all readers are there").isEmpty();
      add(context, enumerator, 2, "a");
      assertThat(assigned(context))
          .isEqualTo(
              Map.of(
                  0, List.of("a/eth0#0"),
                  1, List.of("b/lan1#0", "b/lan2#0"),
                  2, List.of("a/eth0#1")));
      LiveSplit first = split(context, 0);
      LiveSplit second = split(context, 2);
      assertThat(first.fanoutGroup()).isPositive().isEqualTo(second.fanoutGroup());
      assertThat(split(context, 1).fanoutGroup()).isZero();
      assertThat(enumerator.snapshotState(1).fanoutGroup()).isPositive();
    }
  }

  private static LiveSplit split(TestingSplitEnumeratorContext<PacketSplit> context, int subtask) {
    return (LiveSplit) context.getSplitAssignments().get(subtask).getAssignedSplits().get(0);
  }

  @Test
  void aReaderThatFailedGetsItsSplitBackOnceThoughItIsToldTwice() throws Exception {
    PacketSource<byte[]> source = builder().interfaceName("eth0").build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(1);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      LiveSplit before = split(context, 0).at(new Progress(5, 5, 0));
      enumerator.addSplitsBack(List.of(before), 0);
      enumerator.addSplitsBack(List.of(before), 0);
      assertThat(assigned(context).get(0)).containsOnly("a/eth0#0");
      List<PacketSplit> all = context.getSplitAssignments().get(0).getAssignedSplits();
      assertThat(all.get(all.size() - 1).progress().nextSequence()).isEqualTo(5);
    }
  }

  @Test
  void restoredCapturesGoToTheirHostAndKeepTheirNumbers() throws Exception {
    PacketSource<byte[]> source = builder().interfaceName("eth0").build();
    LiveSplit restored =
        new LiveSplit("b", "eth0", 0, 77, LiveSplit.NO_END, new Progress(1000, 1000, 3));
    LiveSplit elsewhere =
        new LiveSplit("gone", "eth0", 0, 77, LiveSplit.NO_END, new Progress(7, 7, 0));
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    PacketEnumeratorState state = new PacketEnumeratorState(true, 77, List.of(restored, elsewhere));
    try (var enumerator = source.restoreEnumerator(context, state)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      assertThat(assigned(context))
          .isEqualTo(Map.of(0, List.of("a/eth0#0"), 1, List.of("b/eth0#0")));
      assertThat(split(context, 1).progress().nextSequence()).isEqualTo(1000);
      assertThat(enumerator.snapshotState(1).unassigned()).containsExactly(elsewhere);
      assertThat(enumerator.snapshotState(1).fanoutGroup()).isEqualTo(77);
    }
  }

  @Test
  void filesAreCutAndDealtOutOneByOne() throws Exception {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), 1000, 100);
    PacketSource<byte[]> source = builder().files(file).splitBytes(30_000).build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      enumerator.handleSplitRequest(1, "b");
      context.triggerAllActions();
      List<Long> starts = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        enumerator.handleSplitRequest(i % 2, "a");
      }
      context
          .getSplitAssignments()
          .values()
          .forEach(
              each ->
                  each.getAssignedSplits()
                      .forEach(split -> starts.add(((FileSplit) split).startBytes())));
      assertThat(starts).hasSize(4).doesNotHaveDuplicates();
      assertThat(
              context.getSplitAssignments().get(0).hasReceivedNoMoreSplitsSignal()
                  || context.getSplitAssignments().get(1).hasReceivedNoMoreSplitsSignal())
          .isTrue();
      assertThat(enumerator.snapshotState(1).planned()).isTrue();
    }
  }

  @Test
  void aDirectoryStandsForItsFiles() throws IOException {
    PcapFile.writeNumbered(directory.resolve("b.pcap"), 10, 100);
    PcapFile.writeNumbered(directory.resolve("a.pcap"), 10, 100);
    assertThat(FileEnumerator.files(directory))
        .containsExactly(directory.resolve("a.pcap"), directory.resolve("b.pcap"));
  }
}
