package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.linux.LoadedProgram;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Several captures that share the frames of one interface. */
@Timeout(60)
class FanoutIT {
  private static final int FLOWS = 40;
  private static final int NUMBER_AT = 14 + 20 + 8;

  /** A byte of the number, as a program finds it: it sees frames from the network layer on. */
  private static final int LOWEST_BYTE_AT = NUMBER_AT + 3 - 14;

  @TempDir Path directory;

  private PrivateNetwork network;
  private LoadedProgram pinned;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  @AfterEach
  void closeNetwork() throws Exception {
    if (pinned != null) {
      pinned.unpin();
    }
    if (network != null) {
      network.close();
    }
  }

  private static CaptureConfig.Builder right() {
    return CaptureConfig.on(PrivateNetwork.RIGHT);
  }

  private List<PacketCapture> openGroup(CaptureConfig.Builder config, int members)
      throws IOException {
    return network.call(() -> PacketCapture.openGroup(config.build(), members));
  }

  /** A UDP frame that carries its number; frames 40 apart are of one flow. */
  private static byte[] numbered(int number) {
    byte[] payload = ByteBuffer.allocate(100).putInt(number).array();
    int flow = number % FLOWS;
    return Packets.ethernet(
        Packets.udp("10.0.0." + (1 + flow), 1000 + flow, "10.0.1.1", 53, payload));
  }

  private void send(int first, int count) throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = first; i < first + count; i++) {
        sender.send(numbered(i));
      }
    }
  }

  /** What a member got: its frames' numbers in their order, and what its records say is lost. */
  private record Member(
      List<Integer> numbers, List<Long> times, long lostBefore, CaptureStatistics statistics) {
    /** The number of the first frame at that time or later. */
    int firstSince(Instant time) {
      for (int i = 0; i < numbers.size(); i++) {
        if (!Instant.ofEpochSecond(0, times.get(i)).isBefore(time)) {
          return numbers.get(i);
        }
      }
      return Integer.MAX_VALUE;
    }
  }

  private static Member drain(PacketCapture capture, int number) throws IOException {
    List<Integer> numbers = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    long lost = 0;
    while (!capture.isEnded()) {
      try (Block block = capture.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          assertThat(f.capture().member()).isEqualTo(number);
          assertThat(f.sequence()).isEqualTo(numbers.size());
          lost += f.lostBefore();
          times.add(f.timestampNanos());
          numbers.add(ByteBuffer.wrap(f.payload()).getInt(NUMBER_AT));
        }
      }
    }
    return new Member(numbers, times, lost, capture.statistics());
  }

  /** Runs an action while a thread for each member drains it; the action stops them. */
  private static List<Member> drainAll(List<PacketCapture> group, Callable<?> action)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(group.size());
    try {
      List<Future<Member>> draining = new ArrayList<>();
      for (int i = 0; i < group.size(); i++) {
        int number = i;
        draining.add(threads.submit(() -> drain(group.get(number), number)));
      }
      action.call();
      for (PacketCapture each : group) {
        each.stop();
      }
      List<Member> members = new ArrayList<>();
      for (Future<Member> each : draining) {
        members.add(each.get());
      }
      return members;
    } finally {
      group.forEach(PacketCapture::close);
      threads.shutdownNow();
    }
  }

  /** How often each number was seen, which must be at most once. */
  private static BitSet numbersOf(List<Member> members) {
    BitSet seen = new BitSet();
    for (Member member : members) {
      for (int number : member.numbers()) {
        assertThat(seen.get(number)).as("frame %d came twice", number).isFalse();
        seen.set(number);
      }
    }
    return seen;
  }

  /** Frames are on the wire while the group opens: none of them may come to two members. */
  @ParameterizedTest
  @EnumSource
  void eachFrameComesToOneMemberFromTheFirstOn(FanoutMode mode) throws Exception {
    CaptureConfig.Builder config = right().set(CaptureOption.FANOUT_MODE, mode);
    if (mode == FanoutMode.CBPF) {
      Path program = directory.resolve("choose.bpf");
      Files.writeString(program, "2\n48 0 0 " + LOWEST_BYTE_AT + "\n22 0 0 0\n");
      config.set(CaptureOption.FANOUT_PROGRAM, program.toString());
    } else if (mode == FanoutMode.EBPF) {
      pinned = LoadedProgram.pinOrSkip(directory, LOWEST_BYTE_AT);
      config.set(CaptureOption.FANOUT_PROGRAM, pinned.path().toString());
    }
    ExecutorService other = Executors.newSingleThreadExecutor();
    int before = 20_000;
    int after = 6_000;
    Future<?> sending =
        other.submit(
            () -> {
              send(0, before);
              return null;
            });
    List<Member> members =
        drainAll(
            openGroup(config, 3),
            () -> {
              sending.get();
              send(before, after);
              return null;
            });
    other.shutdown();
    BitSet seen = numbersOf(members);
    assertThat(seen.get(before, before + after).cardinality()).isEqualTo(after);
    assertThat(members).allSatisfy(m -> assertThat(m.statistics().waiting()).isZero());

    TreeMap<Integer, Integer> memberOf = new TreeMap<>();
    for (int i = 0; i < members.size(); i++) {
      for (int number : members.get(i).numbers()) {
        if (number >= before) {
          memberOf.put(number, i);
        }
      }
    }
    switch (mode) {
      case HASH ->
          memberOf.forEach((n, m) -> assertThat(m).isEqualTo(memberOf.get(before + n % FLOWS)));
      case LB ->
          memberOf.forEach(
              (n, m) -> assertThat(m).isEqualTo((memberOf.get(before) + n - before) % 3));
      case CBPF, EBPF -> memberOf.forEach((n, m) -> assertThat(m).isEqualTo((n & 0xff) % 3));
      case ROLLOVER ->
          // all to the first one that has room
          assertThat(memberOf.values()).containsOnly(memberOf.get(before));
      case RND -> assertThat(memberOf.values()).contains(0, 1, 2);
      default ->
          // one queue, one processor at a time
          assertThat(memberOf).hasSize(after);
    }
  }

  /**
   * Many members open while frames pass, one by one in turn: a member that lets frames in later
   * than the first would leave a hole.
   */
  @RepeatedTest(5)
  void aGroupIsWholeFromItsFirstFrameOn() throws Exception {
    CaptureConfig.Builder config =
        right().set(CaptureOption.FANOUT_MODE, FanoutMode.LB).set(CaptureOption.RING_MIB, 8);
    AtomicBoolean open = new AtomicBoolean();
    CountDownLatch passing = new CountDownLatch(1000);
    ExecutorService other = Executors.newSingleThreadExecutor();
    Future<Integer> sending = other.submit(() -> sendUntil(open, passing));
    passing.await();
    List<PacketCapture> group = openGroup(config, 16);
    List<Member> members =
        drainAll(
            group,
            () -> {
              open.set(true);
              return sending.get();
            });
    int count = sending.get();
    other.shutdown();
    BitSet seen = numbersOf(members);
    assertNoneMissing(seen, seen.nextSetBit(0), count, members);
    for (Member member : members) {
      assertThat(member.statistics().captured()).isEqualTo(member.numbers().size());
      assertThat(member.statistics().waiting()).isZero();
    }
  }

  /** Each number of a range was seen, except as many as the kernel counts as dropped. */
  private static void assertNoneMissing(BitSet seen, int from, int to, List<Member> members) {
    long missing = to - from - seen.get(from, to).cardinality();
    long dropped = members.stream().mapToLong(m -> m.statistics().droppedByKernel()).sum();
    assertThat(missing).as("of frames %d to %d", from, to).isLessThanOrEqualTo(dropped);
  }

  /**
   * A member that joins while frames pass takes some from the group, all of them before it says.
   */
  @RepeatedTest(3)
  void aMemberThatJoinsSaysFromWhenOnTheGroupIsWhole() throws Exception {
    CaptureConfig.Builder config =
        right()
            .set(CaptureOption.FANOUT_MODE, FanoutMode.LB)
            .set(CaptureOption.FANOUT_GROUP, 78)
            .set(CaptureOption.RING_MIB, 16);
    AtomicBoolean joined = new AtomicBoolean();
    CountDownLatch passing = new CountDownLatch(1000);
    List<PacketCapture> group = new ArrayList<>();
    group.add(network.call(() -> PacketCapture.open(config.build())));
    ExecutorService other = Executors.newSingleThreadExecutor();
    Future<Integer> sending = other.submit(() -> sendUntil(joined, passing));
    passing.await();
    group.add(network.call(() -> PacketCapture.open(config.member(1).build())));
    Instant complete = group.get(1).completeSince();
    assertThat(complete).isAfter(group.get(0).completeSince());
    List<Member> members =
        drainAll(
            group,
            () -> {
              joined.set(true);
              return sending.get();
            });
    other.shutdown();
    BitSet seen = numbersOf(members);
    int firstComplete = members.stream().mapToInt(m -> m.firstSince(complete)).min().getAsInt();
    assertNoneMissing(seen, firstComplete, sending.get(), members);
    assertThat(members.get(1).numbers()).isNotEmpty();
  }

  /** Numbered frames until told, and a thousand more; returns how many. */
  private int sendUntil(AtomicBoolean told, CountDownLatch sent) throws IOException {
    int count = 0;
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int end = Integer.MAX_VALUE; count < end; count++) {
        if (end == Integer.MAX_VALUE && told.get()) {
          end = count + 1000;
        }
        sender.send(numbered(count));
        sent.countDown();
      }
    }
    return count;
  }

  /** Small rings and slow readers: sequence and loss are each member's own, and add up. */
  @ParameterizedTest
  @CsvSource({"1, 0", "1, 20", "1, 100", "2, 0", "2, 20", "2, 100", "3, 20"})
  void overloadAddsUp(int members, int pauseMicros) throws Exception {
    int count = 60_000;
    List<PacketCapture> group = openGroup(right().set(CaptureOption.RING_MIB, 2), members);
    ExecutorService threads = Executors.newFixedThreadPool(members);
    List<Future<long[]>> reading = new ArrayList<>();
    for (PacketCapture each : group) {
      reading.add(threads.submit(() -> readSlowly(each)));
    }
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < count; i++) {
        sender.send(numbered(i));
        for (long end = System.nanoTime() + pauseMicros * 100L; System.nanoTime() < end; ) {
          Thread.onSpinWait();
        }
      }
    }
    Payloads.awaitOffered(count, group.toArray(PacketCapture[]::new));
    for (PacketCapture each : group) {
      each.stop();
    }
    long captured = 0;
    long dropped = 0;
    for (int i = 0; i < members; i++) {
      long[] capturedAndLost = reading.get(i).get();
      CaptureStatistics statistics = group.get(i).statistics();
      assertThat(statistics.captured()).isEqualTo(capturedAndLost[0]);
      // what is lost after the last frame has no frame to stand at
      assertThat(capturedAndLost[1]).isLessThanOrEqualTo(statistics.droppedByKernel());
      captured += statistics.captured();
      dropped += statistics.droppedByKernel();
    }
    group.forEach(PacketCapture::close);
    threads.shutdown();
    assertThat(captured + dropped).isEqualTo(count);
  }

  private static long[] readSlowly(PacketCapture capture) throws Exception {
    long captured = 0;
    long lost = 0;
    while (!capture.isEnded()) {
      try (Block block = capture.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          assertThat(f.sequence()).isEqualTo(captured++);
          lost += f.lostBefore();
        }
        if (block != null) {
          Thread.sleep(block.frameCount() / 100);
        }
      }
    }
    return new long[] {captured, lost};
  }

  @Test
  void membersMayJoinOneByOneAndLeave() throws Exception {
    CaptureConfig.Builder config = right().set(CaptureOption.FANOUT_GROUP, 77);
    PacketCapture first = network.call(() -> PacketCapture.open(config.build()));
    send(0, 1000);
    PacketCapture second = network.call(() -> PacketCapture.open(config.member(1).build()));
    List<Member> members =
        drainAll(
            List.of(first, second),
            () -> {
              send(1000, 1000);
              return null;
            });
    assertThat(numbersOf(members).cardinality()).isEqualTo(2000);
    assertThat(members.get(0).numbers()).contains(0, 999);
    assertThat(members.get(1).numbers()).isNotEmpty().allMatch(n -> n >= 1000);
  }

  @Test
  void aGroupOfAnotherOwnerIsRefusedAndOneOfTheSameIsShared() throws Exception {
    CaptureConfig.Builder config = right().set(CaptureOption.FANOUT_GROUP, 78).fanoutOwner(7);
    PacketCapture first = network.call(() -> PacketCapture.open(config.build()));
    CaptureConfig.Builder foreign = right().set(CaptureOption.FANOUT_GROUP, 78).fanoutOwner(4095);
    assertRefused(foreign, "cannot join fanout group 78 on tap1");
    PacketCapture second = network.call(() -> PacketCapture.open(config.member(1).build()));
    List<Member> members =
        drainAll(
            List.of(first, second),
            () -> {
              send(0, 2000);
              return null;
            });
    assertThat(numbersOf(members).cardinality()).isEqualTo(2000);
    assertThat(members.get(0).numbers()).isNotEmpty();
    assertThat(members.get(1).numbers()).isNotEmpty();
  }

  @Test
  void fragmentsAreWholeOnlyWithDefrag() throws Exception {
    byte[] datagram =
        Packets.udp(
            "10.0.0.1", 7, "10.0.1.1", 53, ByteBuffer.allocate(3000).putInt(0x01020304).array());
    List<byte[]> fragments =
        Packets.fragments(datagram, 1400).stream().map(Packets::ethernet).toList();
    assertThat(fragments).hasSizeGreaterThan(2);
    for (boolean defrag : new boolean[] {false, true}) {
      List<PacketCapture> group = openGroup(right().set(CaptureOption.FANOUT_DEFRAG, defrag), 2);
      try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
        for (byte[] each : fragments) {
          sender.send(each);
        }
      }
      List<Integer> lengths = new ArrayList<>();
      for (PacketCapture each : group) {
        each.stop();
        while (!each.isEnded()) {
          try (Block block = each.poll(100)) {
            for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
              lengths.add(f.originalLength());
            }
          }
        }
        each.close();
      }
      if (defrag) {
        assertThat(lengths).containsExactly(14 + datagram.length);
      } else {
        assertThat(lengths).hasSameSizeAs(fragments);
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheReason() throws Exception {
    CaptureConfig.Builder hash = right().set(CaptureOption.FANOUT_GROUP, 5);
    try (PacketCapture open = network.call(() -> PacketCapture.open(hash.build()))) {
      assertRefused(
          right().set(CaptureOption.FANOUT_GROUP, 5).set(CaptureOption.FANOUT_MODE, FanoutMode.LB),
          "cannot join fanout group 5 on tap1: its members have another interface, fanout-mode");
      assertThat(open.isEnded()).isFalse();
    }
    assertRefused(
        right().set(CaptureOption.FANOUT_GROUP, 6).set(CaptureOption.FANOUT_MODE, FanoutMode.CBPF),
        "fanout-mode cbpf needs a fanout-program");
    assertRefused(
        right().set(CaptureOption.FANOUT_GROUP, 6).set(CaptureOption.FANOUT_PROGRAM, "x"),
        "a fanout-program is for fanout-mode cbpf or ebpf, not hash");
    assertRefused(
        right()
            .set(CaptureOption.FANOUT_GROUP, 6)
            .set(CaptureOption.FANOUT_MODE, FanoutMode.EBPF)
            .set(CaptureOption.FANOUT_PROGRAM, "/nowhere"),
        "fanout-program /nowhere is not a pinned eBPF program");
  }

  private void assertRefused(CaptureConfig.Builder config, String message) {
    assertThatThrownBy(() -> network.call(() -> PacketCapture.open(config.build())))
        .hasMessageContaining(message)
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.FANOUT_REFUSED);
  }
}
