package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.flink.source.PacketSplit.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.testutils.source.reader.TestingSplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which reader gets which split. */
@Timeout(20)
class EnumeratorTest {
  private static final Logger LOG = Logger.getLogger("dev.ringtap.flink.source");

  @TempDir Path directory;

  @BeforeAll
  static void keepTheConsoleQuiet() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void log() {
    LOG.setLevel(null);
  }

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
    enumerator.handleSourceEvent(subtask, new ReaderEvent.Started(host));
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
      assertThat(first.fanoutOwner()).isPositive().isEqualTo(second.fanoutOwner());
      assertThat(split(context, 1).fanoutGroup()).as("of one that is alone").isPositive();
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
  void restoredCapturesGoToTheirHostAndKeepTheirTotals() throws Exception {
    PacketSource<byte[]> source = builder().interfaceName("eth0").build();
    LiveSplit restored =
        new LiveSplit("b", "eth0", 0, 77, LiveSplit.NO_END, new Progress(1000, 1000, 3));
    LiveSplit elsewhere =
        new LiveSplit("gone", "eth0", 0, 77, LiveSplit.NO_END, new Progress(7, 7, 0));
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    PacketEnumeratorState state = captures(LiveSplit.NO_END, List.of(restored, elsewhere));
    try (var enumerator = source.restoreEnumerator(context, state)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      assertThat(assigned(context))
          .isEqualTo(Map.of(0, List.of("a/eth0#0"), 1, List.of("b/eth0#0")));
      assertThat(split(context, 1).progress()).isEqualTo(restored.progress());
      assertThat(enumerator.snapshotState(1).unassigned())
          .as("a host with another address would stay in the state for ever")
          .isEmpty();
    }
  }

  private static PacketEnumeratorState captures(long endMillis, List<PacketSplit> unassigned) {
    return PacketEnumeratorState.ofCaptures(true, endMillis, new TreeSet<>(), unassigned);
  }

  /** As Flink does when a reader's task fails and runs again on some host. */
  private static void failOver(
      TestingSplitEnumeratorContext<PacketSplit> context,
      SplitEnumerator<PacketSplit, PacketEnumeratorState> enumerator,
      int subtask,
      String host) {
    List<PacketSplit> had =
        new ArrayList<>(context.getSplitAssignments().get(subtask).getAssignedSplits());
    context.registeredReaders().remove(subtask);
    enumerator.addSplitsBack(had, subtask);
    add(context, enumerator, subtask, host);
  }

  @Test
  void aReaderThatComesToAHostAfterAFailoverJoinsTheGroupOfTheOneThere() throws Exception {
    PacketSource<byte[]> source = builder().interfaceName("eth0").build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      failOver(context, enumerator, 1, "a");
      List<PacketSplit> ofSecond = context.getSplitAssignments().get(1).getAssignedSplits();
      LiveSplit joining = (LiveSplit) ofSecond.get(ofSecond.size() - 1);
      assertThat(joining.splitId()).isEqualTo("a/eth0#1");
      assertThat(joining.groupAndOwner()).isEqualTo(split(context, 0).groupAndOwner());
      assertThat(((LiveEnumerator) enumerator).uncapturedHosts()).isOne();
      assertThat(enumerator.snapshotState(1).unassigned())
          .extracting(PacketSplit::splitId)
          .containsExactly("b/eth0#0");
      failOver(context, enumerator, 1, "b");
      assertThat(((LiveEnumerator) enumerator).uncapturedHosts()).isZero();
    }
  }

  private static Throwable awaitFailure(
      TestingSplitEnumeratorContext<PacketSplit> context,
      SplitEnumerator<PacketSplit, PacketEnumeratorState> enumerator)
      throws InterruptedException {
    assertThat(context.getExecutorService().getActivePeriodicScheduledTask())
        .as("the check is repeated")
        .hasSize(1);
    while (true) {
      try {
        ((LiveEnumerator) enumerator).check();
        Thread.sleep(5);
      } catch (FlinkRuntimeException failure) {
        return failure;
      }
    }
  }

  @Test
  void aHostThatNoReaderHasFailsTheJobAndTheOthersAreNamed() throws Exception {
    PacketSource<byte[]> source =
        builder()
            .captureOn("c", CaptureConfig.on("eth0").build())
            .limit(5)
            .hostTimeout(Duration.ofMillis(50))
            .build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      assertThat(context.getSplitAssignments()).as("no end is told").isEmpty();
      assertThat(awaitFailure(context, enumerator))
          .hasStackTraceContaining("no reader ran on host 'c'")
          .hasStackTraceContaining("readers run on [a, b]")
          .hasStackTraceContaining("ringtap.host-name or RINGTAP_HOST_NAME");
    }
  }

  @Test
  void aHostThatLostItsReaderFailsTheJobIfThatIsAskedFor() throws Exception {
    PacketSource<byte[]> source =
        builder().interfaceName("eth0").failOnLostHost().hostTimeout(Duration.ofMillis(50)).build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "b");
      failOver(context, enumerator, 1, "a");
      assertThat(awaitFailure(context, enumerator))
          .hasStackTraceContaining("no reader ran on host 'b'");
    }
  }

  @Test
  void aReaderHasTheNameThatItsTaskManagerGivesIt() {
    Configuration configuration = new Configuration();
    assertThat(HostName.of(configuration, null, "")).isEqualTo("localhost");
    assertThat(HostName.of(configuration, null, "10.0.0.1")).isEqualTo("10.0.0.1");
    assertThat(HostName.of(configuration, " node1\n", "10.0.0.1")).isEqualTo("node1");
    configuration.set(HostName.OPTION, "node2");
    assertThat(HostName.of(configuration, "node1", "10.0.0.1")).isEqualTo("node2");
  }

  private static void restoreReader(
      TestingSplitEnumeratorContext<PacketSplit> context,
      int subtask,
      String host,
      PacketSplit reported) {
    context
        .registeredReaders()
        .put(subtask, ReaderInfo.createReaderInfo(subtask, host, List.of(reported)));
  }

  @Test
  void capturesThatEndedDoNotStartAgain() throws Exception {
    PacketSource<byte[]> source = builder().interfaceName("eth0").limit(1000).build();
    LiveSplit full =
        new LiveSplit("b", "eth0", 0, 0, LiveSplit.NO_END, new Progress(1000, 1000, 0));
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(3);
    PacketEnumeratorState state;
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      for (String host : List.of("a", "b", "c")) {
        add(context, enumerator, "abc".indexOf(host), host);
      }
      enumerator.handleSourceEvent(0, new ReaderEvent.Finished(List.of("a/eth0#0")));
      state = enumerator.snapshotState(1);
      assertThat(state.finished()).containsExactly("a/eth0#0");
    }
    context = new TestingSplitEnumeratorContext<>(3);
    try (var enumerator = source.restoreEnumerator(context, state)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      // ended after the enumerator's part of the checkpoint and before the reader's
      restoreReader(context, 1, "b", full);
      enumerator.addReader(1);
      enumerator.handleSourceEvent(1, new ReaderEvent.Started("b"));
      add(context, enumerator, 2, "c");
      assertThat(assigned(context).get(0)).isNullOrEmpty();
      assertThat(assigned(context).get(1)).isNullOrEmpty();
      assertThat(assigned(context)).containsEntry(2, List.of("c/eth0#0"));
      assertThat(context.getSplitAssignments().get(0).hasReceivedNoMoreSplitsSignal()).isTrue();
      assertThat(enumerator.snapshotState(2).finished()).containsExactly("a/eth0#0", "b/eth0#0");
    }
  }

  @Test
  void aReaderThatFailsAfterTheEndReadsOnFromItsCheckpoint() throws Exception {
    PacketSource<byte[]> source = builder().interfaceName("eth0").limit(1000).build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(1);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      enumerator.handleSourceEvent(0, new ReaderEvent.Finished(List.of("a/eth0#0")));
      context.registeredReaders().remove(0);
      restoreReader(context, 0, "a", split(context, 0).at(new Progress(600, 600, 0)));
      enumerator.addReader(0);
      enumerator.handleSourceEvent(0, new ReaderEvent.Started("a"));
      List<PacketSplit> all = context.getSplitAssignments().get(0).getAssignedSplits();
      assertThat(all).hasSize(2);
      assertThat(all.get(1).progress().emitted()).isEqualTo(600);
      assertThat(enumerator.snapshotState(1).finished()).isEmpty();
    }
  }

  @Test
  void allCapturesHaveTheFirstStartsEnd() throws Exception {
    PacketSource<byte[]> source =
        builder().interfaceName("eth0").duration(Duration.ofHours(1)).build();
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(2);
    long end = System.currentTimeMillis() + 5_000_000;
    try (var enumerator = source.restoreEnumerator(context, captures(end, List.of()))) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      add(context, enumerator, 1, "a");
      assertThat(split(context, 0).endMillis()).isEqualTo(end);
      assertThat(split(context, 1).endMillis()).isEqualTo(end);
    }
    context = new TestingSplitEnumeratorContext<>(1);
    try (var enumerator = source.restoreEnumerator(context, captures(1, List.of()))) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      assertThat(assigned(context).get(0)).as("its time is over").isEmpty();
      assertThat(context.getSplitAssignments().get(0).hasReceivedNoMoreSplitsSignal()).isTrue();
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
    assertThat(listing(0).list(Map.of()).present())
        .containsExactly(
            directory.resolve("a.pcap").toString(), directory.resolve("b.pcap").toString());
  }

  private FileListing listing(long discoveryMillis) {
    return new FileListing(
        new ArrayList<>(List.of(directory.toString())), 1 << 20, false, discoveryMillis);
  }

  private Path write(String name, int frames, long unchangedSeconds) throws IOException {
    Path file = PcapFile.writeNumbered(directory.resolve(name), frames, 100);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(unchangedSeconds)));
    return file;
  }

  /** One listing; returns the paths of all splits that readers have so far. */
  private static List<String> discover(TestingSplitEnumeratorContext<PacketSplit> context)
      throws Throwable {
    context.getExecutorService().triggerPeriodicScheduledTasks();
    context.triggerAllActions();
    List<String> paths = new ArrayList<>();
    context
        .getSplitAssignments()
        .values()
        .forEach(
            each ->
                each.getAssignedSplits()
                    .forEach(
                        split ->
                            paths.add(
                                Path.of(((FileSplit) split).path()).getFileName().toString())));
    return paths;
  }

  private static void ask(SplitEnumerator<PacketSplit, PacketEnumeratorState> enumerator) {
    enumerator.handleSplitRequest(0, "a");
  }

  @Test
  void newFilesAreReadOnceTheyAreCompleteAndOnlyOnce() throws Throwable {
    PacketSource<byte[]> source =
        builder().files(directory).discoveryInterval(Duration.ofMinutes(1)).build();
    assertThat(source.getBoundedness()).isEqualTo(Boundedness.CONTINUOUS_UNBOUNDED);
    write("a.pcap", 10, 3600);
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(1);
    PacketEnumeratorState state;
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      ask(enumerator);
      assertThat(discover(context)).containsExactly("a.pcap");
      ask(enumerator);
      write("b.pcap", 20, 0);
      assertThat(discover(context)).as("one that is written to").containsExactly("a.pcap");
      write("b.pcap", 20, 3600);
      assertThat(discover(context)).containsExactly("a.pcap", "b.pcap");
      assertThat(context.getSplitAssignments().get(0).hasReceivedNoMoreSplitsSignal()).isFalse();
      write("c.pcap", 30, 3600);
      assertThat(discover(context)).as("nobody asks").hasSize(2);
      state = enumerator.snapshotState(1);
      assertThat(state.unassigned()).hasSize(1);
    }
    state =
        PacketEnumeratorStateSerializer.INSTANCE.deserialize(
            2, PacketEnumeratorStateSerializer.INSTANCE.serialize(state));
    context = new TestingSplitEnumeratorContext<>(1);
    write("d.pcap", 40, 3600);
    Files.delete(directory.resolve("a.pcap"));
    try (var enumerator = source.restoreEnumerator(context, state)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      for (int i = 0; i < 3; i++) {
        discover(context);
        ask(enumerator);
      }
      assertThat(discover(context)).containsExactly("c.pcap", "d.pcap");
      assertThat(enumerator.snapshotState(2).files().keySet())
          .as("what is gone is forgotten")
          .containsExactly(
              directory.resolve("b.pcap").toString(),
              directory.resolve("c.pcap").toString(),
              directory.resolve("d.pcap").toString());
    }
  }

  @Test
  void aFileThatTakesTheNameOfOneThatWasReadIsReadAndOneThatGrewIsNot() throws Throwable {
    PacketSource<byte[]> source =
        builder().files(directory).discoveryInterval(Duration.ofMinutes(1)).build();
    Path file = write("a.pcap", 10, 3600);
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(1);
    try (var enumerator = source.createEnumerator(context)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      ask(enumerator);
      assertThat(discover(context)).containsExactly("a.pcap");
      String split = context.getSplitAssignments().get(0).getAssignedSplits().get(0).splitId();
      enumerator.handleSourceEvent(0, new ReaderEvent.Finished(List.of(split)));
      ask(enumerator);
      byte[] grown = Files.readAllBytes(file);
      Files.write(file, grown, StandardOpenOption.APPEND);
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
      assertThat(discover(context)).hasSize(1);
      grown[30]++;
      Files.write(file, grown);
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
      assertThat(discover(context)).containsExactly("a.pcap", "a.pcap");
    }
  }

  @Test
  void filesOfAStateThatDoesNotNameThemAreNotReadAgain() throws Throwable {
    PacketSource<byte[]> source =
        builder().files(directory).discoveryInterval(Duration.ofMinutes(1)).build();
    write("a.pcap", 10, 3600);
    TestingSplitEnumeratorContext<PacketSplit> context = new TestingSplitEnumeratorContext<>(1);
    PacketEnumeratorState old = PacketEnumeratorState.ofFiles(true, Map.of(), List.of());
    try (var enumerator = source.restoreEnumerator(context, old)) {
      enumerator.start();
      add(context, enumerator, 0, "a");
      ask(enumerator);
      assertThat(discover(context)).isEmpty();
      write("b.pcap", 10, 3600);
      assertThat(discover(context)).containsExactly("b.pcap");
    }
  }
}
