package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.Block;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.FileRange;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The capture command as users start it, on a wire in a network namespace: every run's ledger. */
@Timeout(180)
class CaptureCommandIT {
  private static final String BROKER = "127.0.0.1:9092";

  @TempDir Path directory;

  private TestNetwork network;
  private Path report;
  private Path traffic;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("tcpreplay");
    network = TestNetwork.create();
    report = directory.resolve("report.json");
    traffic = directory.resolve("traffic.pcap");
  }

  @AfterEach
  void closeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  /** A capture file of random UDP frames, some tagged. */
  static void writeTraffic(Path file, int frames, int lengthLimit) throws IOException {
    Random random = new Random(frames);
    ByteBuffer pcap = ByteBuffer.allocate(24 + frames * (16 + lengthLimit));
    pcap.order(ByteOrder.LITTLE_ENDIAN).putInt(0xA1B2C3D4).putShort((short) 2).putShort((short) 4);
    pcap.putLong(0).putInt(262_144).putInt(1);
    for (int i = 0; i < frames; i++) {
      byte[] frame = new byte[60 + random.nextInt(lengthLimit - 60)];
      random.nextBytes(frame);
      ByteBuffer.wrap(frame).putLong(0x0200000000010200L).putInt(2);
      boolean tagged = random.nextBoolean();
      ByteBuffer.wrap(frame).putInt(12, tagged ? 0x81000064 : 0x08004500);
      if (tagged) {
        ByteBuffer.wrap(frame).putInt(16, 0x08004500);
      }
      pcap.putInt(i / 1000).putInt(i % 1000 * 1000).putInt(frame.length).putInt(frame.length);
      pcap.put(frame);
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(pcap.flip());
    }
  }

  private Output capture(String... more) throws IOException {
    String[] fixed = {
      "capture",
      "-i",
      TestNetwork.RIGHT,
      "-b",
      BROKER,
      "-t",
      "packets",
      "--report",
      report.toString()
    };
    String[] all = Arrays.copyOf(fixed, fixed.length + more.length);
    System.arraycopy(more, 0, all, fixed.length, more.length);
    Output capture = network.ringtap(all);
    capture.await("listening on right");
    return capture;
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(report.toFile());
  }

  /** The report, which must add up. */
  private JsonNode ledger() throws IOException {
    JsonNode ledger = report();
    System.out.println(ledger);
    long captured = ledger.get("captured").asLong();
    assertThat(ledger.get("offered").asLong())
        .as(ledger.toString())
        .isEqualTo(ledger.get("droppedByKernel").asLong() + captured);
    assertThat(captured)
        .as(ledger.toString())
        .isEqualTo(ledger.get("acknowledged").asLong() + ledger.get("notDelivered").asLong());
    assertThat(ledger.get("balances").asBoolean()).isTrue();
    return ledger;
  }

  private long recordsInTopic() throws IOException {
    String lines = network.exec(ringtap("dump", "--from-beginning", "-e"));
    return lines.lines().filter(line -> line.contains(" right ")).count();
  }

  private static String[] ringtap(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = Path.of("bin/ringtap").toAbsolutePath().toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return command;
  }

  @Test
  void normalRun() throws IOException {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 5000, 1500);
    Output capture = capture();
    long sent = network.replay(traffic, "--topspeed");
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    JsonNode ledger = ledger();
    assertThat(ledger.get("offered").asLong()).isEqualTo(sent).isEqualTo(5000);
    assertThat(ledger.get("acknowledged").asLong()).isEqualTo(5000);
    assertThat(capture.text()).contains("5000 packets captured", "0 packets dropped by kernel");
    assertThat(recordsInTopic()).isEqualTo(5000);
  }

  @Test
  void userSignalBringsAllThatCameInToTopicAndFile() throws IOException {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 1000, 1500);
    Path file = directory.resolve("growing.pcapng");
    // without the signal a record would wait for an hour, and the file for a MiB
    Output capture = capture("-w", file.toString(), "-X", "linger.ms=3600000");
    for (int round = 1; round <= 3; round++) {
      network.replay(traffic, "--topspeed");
      capture.userSignal();
      capture.await(
          "so far: offered %d = 0 dropped by the kernel + %d captured; not delivered 0"
              .formatted(round * 1000, round * 1000));
      assertThat(recordsInTopic()).isEqualTo(round * 1000);
      assertThat(framesIn(file)).isEqualTo(round * 1000);
    }
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    assertThat(ledger().get("acknowledged").asLong()).isEqualTo(3000);
  }

  /** Of a file that may still grow. */
  private static long framesIn(Path file) throws IOException {
    try (CaptureFile growing = CaptureFile.open(file, FileRange.WHOLE, true)) {
      for (Block block = growing.poll(0); block != null; block = growing.poll(0)) {
        block.close();
      }
      return growing.statistics().captured();
    }
  }

  @Test
  void filterExpressionLiveAndOnAFile() throws IOException {
    Requirements.programs("tcpdump");
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 1000, 500);
    // own traffic is left out beside it: the broker's address is part of the program
    Output capture = capture("vlan", "100", "and", "len", "<=", "300");
    network.replay(traffic, "--topspeed");
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    // the kernel's length does not count the tag that lies beside the frame
    long live = countOf("vlan 100 and len <= 304");
    assertThat(ledger().get("offered").asLong()).isEqualTo(live).isBetween(1L, 999L);
    assertThat(recordsInTopic()).isEqualTo(live);

    Path bpf = directory.resolve("vlan.bpf");
    Files.writeString(bpf, TestNetwork.run("tcpdump", "-y", "EN10MB", "-ddd", "not vlan"));
    String[][] filters = {{"vlan", "100", "and", "len", "<=", "300"}, {"--bpf", bpf.toString()}};
    long[] expected = {countOf("vlan 100 and len <= 300"), countOf("not vlan")};
    for (int i = 0; i < filters.length; i++) {
      Path file = directory.resolve("kept" + i + ".pcapng");
      String[] fixed = {"capture", "-r", traffic.toString(), "-w", file.toString()};
      Output replay =
          network.ringtap(concat(concat(fixed, "--report", report.toString()), filters[i]));
      assertThat(replay.exitCode(30)).as(replay.text()).isZero();
      assertThat(ledger().get("offered").asLong()).isEqualTo(expected[i]).isBetween(1L, 999L);
    }
  }

  private long countOf(String expression) throws IOException {
    return TestNetwork.run("tcpdump", "-nr", traffic.toString(), "--count", expression)
        .lines()
        .filter(line -> line.matches("\\d+ packets?"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void wrongFilterIsBadUsageAndMissingLibpcapIsNamed() throws IOException {
    Requirements.programs("tcpdump");
    Requirements.programs("unshare");
    String[] words = {"capture", "-i", TestNetwork.RIGHT, "-b", BROKER, "udp", "and", "and"};
    Output wrong = network.ringtap(words);
    assertThat(wrong.exitCode(30)).as(wrong.text()).isEqualTo(2);
    assertThat(wrong.text()).contains("filter 'udp and and': ", "syntax error");

    // a mount namespace in which the library is an empty file
    String hide =
        "for f in $(ldconfig -p | grep -o '/.*libpcap[.]so[.].*'); do mount --bind /dev/null $f;"
            + " done; exec \"$@\"";
    String[] hidden = {"unshare", "-m", "sh", "-c", hide, "sh"};
    Output missing =
        network.start(concat(hidden, ringtap("capture", "-i", TestNetwork.RIGHT, "udp")));
    assertThat(missing.exitCode(30)).as(missing.text()).isEqualTo(1);
    assertThat(missing.text()).contains("apt install libpcap0.8", "--bpf FILE");
    Path file = directory.resolve("without.pcapng");
    Output without =
        network.start(
            concat(
                hidden,
                ringtap("capture", "-i", TestNetwork.RIGHT, "-c", "10", "-w", file.toString())));
    without.await("listening on right");
    writeTraffic(traffic, 10, 200);
    network.replay(traffic, "--topspeed");
    assertThat(without.exitCode(30)).as(without.text()).isZero();
  }

  @Test
  void countEndsTheRunByItself() throws IOException {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 2000, 500);
    Output capture = capture("-c", "777");
    network.replay(traffic, "--topspeed");
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    assertThat(ledger().get("acknowledged").asLong()).isEqualTo(777);
    assertThat(recordsInTopic()).isEqualTo(777);
  }

  @Test
  void ringOfTwoBlocksUnderOverload() throws IOException {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 20_000, 1500);
    Output capture = capture("-B", "2");
    long sent = network.replay(traffic, "--topspeed", "--preload-pcap", "--loop=20");
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    JsonNode ledger = ledger();
    assertThat(ledger.get("offered").asLong()).isEqualTo(sent);
    assertThat(ledger.get("droppedByKernel").asLong()).isPositive();
    assertThat(ledger.get("notDelivered").asLong()).isZero();
  }

  @Test
  void terminatedUnderLoad() throws Exception {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 20_000, 1500);
    Output capture = capture();
    Output replay =
        network.start(
            "tcpreplay",
            "-i",
            TestNetwork.LEFT,
            "--topspeed",
            "--preload-pcap",
            "--loop=100",
            traffic.toString());
    Thread.sleep(3000);
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    JsonNode ledger = ledger();
    assertThat(ledger.get("captured").asLong()).isPositive();
    assertThat(ledger.get("notDelivered").asLong()).isZero();
    replay.terminate();
    assertThat(recordsInTopic()).isEqualTo(ledger.get("acknowledged").asLong());
  }

  @Test
  void brokerKilledAndRestartedInTheMiddle() throws Exception {
    Path data = directory.resolve("broker");
    Output broker = network.broker(data);
    writeTraffic(traffic, 40_000, 1000);
    Output capture = capture();
    Output replay =
        network.start("tcpreplay", "-i", TestNetwork.LEFT, "--pps=4000", traffic.toString());
    Thread.sleep(3000);
    broker.kill();
    Thread.sleep(3000);
    network.broker(data);
    assertThat(replay.exitCode(60)).as(replay.text()).isZero();
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    JsonNode ledger = ledger();
    assertThat(ledger.get("offered").asLong()).isEqualTo(40_000);
    // 17 MB, which wait in the producer's buffer
    assertThat(ledger.get("droppedByKernel").asLong()).isZero();
    assertThat(ledger.get("notDelivered").asLong()).isZero();
    // the producer lived through it and is idempotent: nothing twice, nothing missing
    assertThat(recordsInTopic()).isEqualTo(ledger.get("acknowledged").asLong());
  }

  /** SIGSTOP for longer than the ring lasts. */
  @Test
  void stoppedForAWhileUnderLoad() throws Exception {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 30_000, 1000);
    Output capture = capture("-B", "2");
    Output replay =
        network.start("tcpreplay", "-i", TestNetwork.LEFT, "--pps=4000", traffic.toString());
    Thread.sleep(1500);
    capture.signal("STOP");
    Thread.sleep(4000);
    capture.signal("CONT");
    assertThat(replay.exitCode(60)).as(replay.text()).isZero();
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    JsonNode ledger = ledger();
    assertThat(ledger.get("offered").asLong()).isEqualTo(30_000);
    assertThat(ledger.get("droppedByKernel").asLong()).isPositive();
    assertThat(ledger.get("notDelivered").asLong()).isZero();
    assertThat(recordsInTopic()).isEqualTo(ledger.get("acknowledged").asLong());
  }

  /**
   * Less heap than the producer's usual buffer, and the broker is away until nothing has room for a
   * frame. It may come back too late for some, which then are not delivered.
   */
  @Test
  void smallHeapInASmallContainer() throws Exception {
    Output broker = network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 20_000, 1500);
    try (MemoryLimit limit = MemoryLimit.ofBytes(320L << 20)) {
      String[] small = {"env", "RINGTAP_JAVA_OPTS=-Xmx40m"};
      String[] command = ringtap("capture", "-i", TestNetwork.RIGHT, "-b", BROKER, "-B", "16");
      Output tooSmall =
          network.start(limit, concat(small, concat(command, "-X", "buffer.memory=67108864")));
      assertThat(tooSmall.exitCode(30)).as(tooSmall.text()).isEqualTo(1);
      assertThat(tooSmall.text()).contains("buffer.memory is 67108864 bytes", "-Xmx129m");

      Output capture =
          network.start(
              limit,
              concat(
                  small, concat(command, "--drain-timeout", "60", "--report", report.toString())));
      capture.await("listening on right");
      broker.signal("STOP");
      long sent = network.replay(traffic, "--pps=20000", "--loop=3");
      broker.signal("CONT");
      capture.terminate();
      int exitCode = capture.exitCode(90);
      JsonNode ledger = ledger();
      assertThat(ledger.get("offered").asLong()).isEqualTo(sent);
      assertThat(ledger.get("droppedByKernel").asLong()).isPositive();
      long notDelivered = ledger.get("notDelivered").asLong();
      assertThat(ledger.at("/notDeliveredByReason/DrainTimeout").asLong()).isEqualTo(notDelivered);
      assertThat(exitCode).as(capture.text()).isEqualTo(notDelivered == 0 ? 0 : 1);
      long acknowledged = ledger.get("acknowledged").asLong();
      assertThat(recordsInTopic()).isBetween(acknowledged, acknowledged + notDelivered);
    }
  }

  @Test
  void killedAgentLeavesNothingBehind() throws Exception {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 20_000, 1500);
    Output capture = capture();
    assertThat(network.exec("ip", "-d", "link", "show", "right")).contains("promiscuity 1");
    Output replay =
        network.start(
            "tcpreplay", "-i", TestNetwork.LEFT, "--pps=20000", "--loop=5", traffic.toString());
    Thread.sleep(3000);
    capture.kill();
    capture.exitCode(10);
    replay.terminate();
    replay.exitCode(10);
    assertThat(network.exec("ip", "-d", "link", "show", "right")).contains("promiscuity 0");
    String dumped = network.exec(ringtap("dump", "--from-beginning", "-e"));
    assertThat(dumped.lines().filter(line -> line.contains(" right ")).count()).isPositive();
    assertThat(dumped).doesNotContain("were no packets");
  }

  @Test
  void brokerThatNeverAnswersIsAClearErrorInTime() throws IOException {
    long start = System.nanoTime();
    Output capture =
        network.ringtap("capture", "-i", TestNetwork.RIGHT, "-b", "127.0.0.1:1", "-t", "packets");
    assertThat(capture.exitCode(25)).isEqualTo(1);
    assertThat(capture.text())
        .contains("no Kafka broker answered at 127.0.0.1:1 within 15 s; check -b");
    assertThat((System.nanoTime() - start) / 1e9).isLessThan(22);
  }

  /** Small records wait in the producer's buffer; packed ones find it full, and wait for room. */
  @ParameterizedTest
  @CsvSource({"1, 67108864", "7, 600000"})
  void stopWhileTheBrokerIsGoneCountsWhatCouldNotBeSent(int framesPerRecord, int bufferBytes)
      throws Exception {
    Output broker = network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 3000, 1000);
    Output capture =
        capture(
            "--drain-timeout",
            "3",
            "--frames-per-record",
            Integer.toString(framesPerRecord),
            "-X",
            "buffer.memory=" + bufferBytes);
    broker.kill();
    broker.exitCode(10);
    network.replay(traffic, "--topspeed");
    Thread.sleep(500);
    capture.terminate();
    assertThat(capture.exitCode(30)).as(capture.text()).isEqualTo(1);
    JsonNode ledger = ledger();
    assertThat(ledger.get("notDelivered").asLong()).isEqualTo(3000);
    assertThat(ledger.get("notDeliveredByReason").get("DrainTimeout").asLong()).isEqualTo(3000);
  }

  @Test
  void recordsLargerThanTheTopicTakesAreRefusedByName() throws IOException {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 1000, 4000);
    Output capture = capture("-X", "max.request.size=1500", "-X", "batch.size=1000");
    network.replay(traffic, "--topspeed");
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isEqualTo(1);
    JsonNode ledger = ledger();
    assertThat(ledger.get("notDeliveredByReason").get("RecordTooLargeException").asLong())
        .isEqualTo(ledger.get("notDelivered").asLong())
        .isPositive();
    assertThat(ledger.get("acknowledged").asLong()).isPositive();
  }

  @Test
  void fullDiskEndsTheRunAndTheLedgerAddsUp() throws IOException {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    TestNetwork.run("mount", "-t", "tmpfs", "-o", "size=2m", "none", disk.toString());
    try {
      writeTraffic(traffic, 20_000, 1500);
      Path file = disk.resolve("full.pcapng");
      Output capture =
          network.ringtap(
              "capture",
              "-i",
              TestNetwork.RIGHT,
              "-w",
              file.toString(),
              "--report",
              report.toString());
      capture.await("listening on right");
      network.replay(traffic, "--topspeed");
      assertThat(capture.exitCode(60)).as(capture.text()).isEqualTo(1);
      assertThat(capture.text()).contains("full.pcapng").containsIgnoringCase("no space left");
      JsonNode ledger = ledger();
      assertThat(ledger.get("acknowledged").asLong()).isPositive();
      assertThat(ledger.get("notDelivered").asLong()).isPositive();
      long inFile =
          TestNetwork.run("tcpdump", "-nr", file.toString(), "--count")
              .lines()
              .filter(line -> line.endsWith(" packets"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .findFirst()
              .orElseThrow();
      assertThat(inFile).isEqualTo(ledger.get("acknowledged").asLong());
    } finally {
      TestNetwork.run("umount", disk.toString());
    }
  }

  /** The disk is the file's alone: Kafka gets every frame. */
  @Test
  void fullDiskDoesNotEndShippingToKafka() throws IOException {
    network.broker(directory.resolve("broker"));
    Path disk = Files.createDirectory(directory.resolve("disk"));
    TestNetwork.run("mount", "-t", "tmpfs", "-o", "size=2m", "none", disk.toString());
    try {
      writeTraffic(traffic, 10_000, 1500);
      Output capture = capture("-w", disk.resolve("full.pcapng").toString());
      network.replay(traffic, "--pps=5000");
      capture.await("/full.pcapng\" reason=");
      network.replay(traffic, "--pps=5000");
      capture.terminate();
      assertThat(capture.exitCode(90)).as(capture.text()).isEqualTo(1);
      JsonNode ledger = ledger();
      assertThat(ledger.get("offered").asLong()).isEqualTo(20_000);
      assertThat(ledger.get("notDelivered").asLong()).isZero();
      assertThat(ledger.get("acknowledged")).isEqualTo(ledger.get("captured"));
      assertThat(ledger.get("writtenToFile").asLong()).isPositive();
      assertThat(ledger.get("notWritten").asLong())
          .isPositive()
          .isEqualTo(ledger.get("captured").asLong() - ledger.get("writtenToFile").asLong());
      assertThat(ledger.get("failure").asText()).containsIgnoringCase("no space left");
      assertThat(recordsInTopic()).isEqualTo(ledger.get("acknowledged").asLong());
    } finally {
      TestNetwork.run("umount", disk.toString());
    }
  }

  @Test
  void ownTrafficIsLeftOut() throws Exception {
    network.broker(directory.resolve("broker"));
    report = directory.resolve("own.json");
    Output capture =
        network.ringtap("capture", "-i", "lo", "-b", BROKER, "--report", report.toString());
    capture.await("listening on lo");
    writeTraffic(traffic, 6, 200);
    network.exec("tcpreplay", "-i", "lo", traffic.toString());
    Thread.sleep(1000);
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    ledger();
    String lines = network.exec(ringtap("dump", "--from-beginning", "-e"));
    // each frame once, though the loopback shows it going out and coming in
    assertThat(lines.lines().filter(line -> line.contains("02:00:00:00:00:02 >"))).hasSize(6);
    assertThat(lines).doesNotContain(".9092");
  }

  @Test
  void unprivilegedUserIsToldWhatToGrantAndCanCaptureWithIt() throws IOException {
    Requirements.programs("setpriv");
    String[] asNobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    Output refused =
        network.start(concat(asNobody, ringtap("capture", "-i", TestNetwork.RIGHT, "-b", BROKER)));
    assertThat(refused.exitCode(30)).isEqualTo(77);
    assertThat(refused.text())
        .contains("no permission to capture on right: CAP_NET_RAW is missing", "setpriv");

    String[] granted = concat(asNobody, "--inh-caps=+net_raw", "--ambient-caps=+net_raw");
    Path file = Path.of("/tmp", network.name() + ".pcapng");
    try {
      Output capture =
          network.start(
              concat(
                  granted,
                  ringtap("capture", "-i", TestNetwork.RIGHT, "-c", "10", "-w", file.toString())));
      capture.await("listening on right");
      // CAP_NET_RAW is number 13
      assertThat(capture.status("CapPrm")).containsExactly("CapPrm:\t0000000000002000");
      writeTraffic(traffic, 10, 200);
      network.replay(traffic, "--topspeed");
      assertThat(capture.exitCode(30)).as(capture.text()).isZero();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static String[] concat(String[] first, String... second) {
    String[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  @Test
  void filesHaveThePermissionsThatTheUmaskLeaves() throws IOException {
    writeTraffic(traffic, 10, 200);
    Path file = directory.resolve("out.pcapng");
    String[] command = ringtap("capture", "-r", traffic.toString(), "-w", file.toString());
    Output replay =
        network.start(
            concat(
                new String[] {"sh", "-c", "umask 027; exec \"$@\"", "sh"},
                concat(command, "--report", report.toString())));
    assertThat(replay.exitCode(30)).as(replay.text()).isZero();
    for (Path each : new Path[] {file, report}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
          .isEqualTo("rw-r-----");
    }
  }

  @Test
  void recordsAreThePacketsClassOfConsumers() throws IOException {
    network.broker(directory.resolve("broker"));
    writeTraffic(traffic, 100, 300);
    Output capture = capture("--key", "interface", "--partitions", "1", "-s", "96", "-c", "100");
    network.replay(traffic, "--topspeed");
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    String lines = network.exec(ringtap("dump", "--from-beginning", "-e"));
    assertThat(lines.lines().count()).isEqualTo(100);
    Path file = directory.resolve("dump.pcapng");
    network.exec(ringtap("dump", "--from-beginning", "-e", "-w", file.toString()));
    String shown = TestNetwork.run("tcpdump", "-tttt", "-enr", file.toString());
    assertThat(shown.lines().filter(line -> line.contains("ethertype")).count()).isEqualTo(100);
  }
}
