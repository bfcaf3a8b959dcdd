package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Live jobs on a virtual wire, beside tcpdump. */
@Timeout(120)
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
class LiveSourceIT {
  private static final int MTU_FRAME_BYTES = 9014;

  @TempDir Path directory;
  private CaptureLab lab;

  @BeforeEach
  void createLab() throws Exception {
    lab = CaptureLab.createOrSkip();
  }

  @AfterEach
  void closeLab() {
    if (lab != null) {
      lab.close();
    }
  }

  private static List<byte[]> frames(int count) {
    return Packets.stream(7)
        .filter(frame -> frame.length >= 20 && frame.length <= MTU_FRAME_BYTES)
        .limit(count)
        .toList();
  }

  private PacketSourceBuilder<byte[]> live() throws IOException {
    return PacketSource.<byte[]>builder()
        .capture(lab.capture().build())
        .deserializer(new AvroBytesDeserializer());
  }

  private static StreamExecutionEnvironment env(int parallelism) {
    return StreamExecutionEnvironment.createLocalEnvironment(parallelism);
  }

  private static List<Packet> collect(StreamExecutionEnvironment env, PacketSource<byte[]> source)
      throws Exception {
    List<Packet> packets = new ArrayList<>();
    try (CloseableIterator<byte[]> found =
        env.fromSource(source, WatermarkStrategy.forMonotonousTimestamps(), "live")
            .executeAndCollect()) {
      while (found.hasNext()) {
        packets.add(Packet.getDecoder().decode(found.next()));
      }
    }
    return packets;
  }

  private static List<String> payloads(List<Packet> packets) {
    return packets.stream()
        .map(
            packet -> {
              ByteBuffer payload = packet.getPayload();
              byte[] bytes = new byte[payload.remaining()];
              payload.get(bytes);
              return HexFormat.of().formatHex(bytes);
            })
        .toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void allReadersTogetherHaveWhatTcpdumpHas(int parallelism) throws Exception {
    int count = 10_000;
    CompletableFuture<Void> sending = lab.sendWhenOpened(parallelism, frames(count));
    Tcpdump tcpdump = lab.tcpdump(directory);
    List<Packet> packets =
        collect(env(parallelism), live().duration(Duration.ofSeconds(5)).build());
    sending.join();
    List<String> theirs = new ArrayList<>(CaptureLab.frames(tcpdump.stop()));
    List<String> ours = new ArrayList<>(payloads(packets));
    assertThat(theirs).hasSize(count);
    if (parallelism > 1) {
      Collections.sort(ours);
      Collections.sort(theirs);
    }
    assertThat(ours).isEqualTo(theirs);

    Set<Integer> members = new HashSet<>();
    Map<CaptureId, Long> next = new HashMap<>();
    for (Packet packet : packets) {
      members.add(packet.getMember());
      CaptureId capture = PacketFields.capture(packet);
      long expected = next.getOrDefault(capture, 0L);
      assertThat(packet.getSequence()).isEqualTo(expected);
      next.put(capture, expected + 1);
    }
    assertThat(members).hasSize(parallelism);
    assertThat(next).hasSize(parallelism);
    assertThat(lab.ledgers()).hasSize(parallelism);
    assertThat(lab.sum("offered")).isEqualTo(count);
    assertThat(lab.sum("emitted")).isEqualTo(count);
    assertThat(lab.sum("dropped by the kernel")).isZero();
    assertThat(lab.sum("left at the end")).isZero();
    System.out.println("parallelism " + parallelism + ": " + lab.ledgers());
  }

  /** The records have the name that the capture's options give, the split has its host's. */
  @Test
  void aHostNameOfTheUsersIsInTheRecords() throws Exception {
    CaptureConfig named = lab.capture().set(CaptureOption.HOST_NAME, "probe-7").build();
    CompletableFuture<Void> sending = lab.sendWhenOpened(1, frames(10));
    List<Packet> packets =
        collect(
            env(1),
            PacketSource.<byte[]>builder()
                .captureOn("localhost", named)
                .limit(10)
                .deserializer(new AvroBytesDeserializer())
                .build());
    sending.join();
    assertThat(packets).hasSize(10).allMatch(packet -> packet.getHost().equals("probe-7"));
    assertThat(lab.ledgers().get(0)).startsWith("probe-7/" + PrivateNetwork.RIGHT + "#0 ");
  }

  @Test
  void aLimitEndsTheJobAndTheTotalsAddUp() throws Exception {
    CompletableFuture<Void> sending = lab.sendWhenOpened(1, frames(3000));
    List<Packet> packets = collect(env(1), live().limit(1234).build());
    sending.join();
    assertThat(packets).hasSize(1234);
    assertThat(lab.sum("emitted")).isEqualTo(1234);
    assertThat(lab.sum("offered"))
        .isEqualTo(
            lab.sum("dropped by the kernel") + lab.sum("emitted") + lab.sum("left at the end"));
  }

  @Test
  void aSmallRingDropsAndTheDropsAreInTheStreamAndInTheLedger() throws Exception {
    int count = 60_000;
    CaptureConfig small =
        lab.capture().set(CaptureOption.RING_MIB, 2).set(CaptureOption.BLOCK_KIB, 512).build();
    StreamExecutionEnvironment env = env(1);
    PacketSource<byte[]> source =
        PacketSource.<byte[]>builder()
            .capture(small)
            .duration(Duration.ofSeconds(5))
            .deserializer(new AvroBytesDeserializer())
            .build();
    CompletableFuture<Void> sending =
        lab.sendWhenOpened(1, Collections.nCopies(count, Packets.frameOfLength(1000)));
    long emitted = 0;
    long lost = 0;
    try (CloseableIterator<byte[]> found =
        env.fromSource(source, WatermarkStrategy.noWatermarks(), "live")
            .map(
                bytes -> {
                  if (System.nanoTime() % 50 == 0) {
                    Thread.sleep(1);
                  }
                  return bytes;
                })
            .returns(byte[].class)
            .executeAndCollect()) {
      while (found.hasNext()) {
        Packet packet = Packet.getDecoder().decode(found.next());
        emitted++;
        lost += packet.getLostBefore();
      }
    }
    sending.join();
    System.out.println(lab.ledgers());
    assertThat(lab.sum("offered")).isEqualTo(count);
    assertThat(lab.sum("emitted")).isEqualTo(emitted);
    assertThat(lab.sum("dropped by the kernel")).isPositive().isGreaterThanOrEqualTo(lost);
    assertThat(emitted + lab.sum("dropped by the kernel")).isEqualTo(count);
  }

  @Test
  void aCancelledJobClosesItsCaptureAndItsTotalsAddUp() throws Exception {
    StreamExecutionEnvironment env = env(2);
    env.fromSource(live().build(), WatermarkStrategy.noWatermarks(), "live")
        .sinkTo(new DiscardingSink<>());
    JobClient job = env.executeAsync();
    lab.awaitOpened(2);
    lab.send(frames(5000));
    Thread.sleep(300);
    job.cancel().get();
    long start = System.nanoTime();
    while (lab.ledgers().size() < 2) {
      Thread.sleep(20);
    }
    assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
    assertThat(lab.sum("offered")).isEqualTo(5000);
    assertThat(lab.sum("emitted") + lab.sum("left at the end")).isEqualTo(5000);
  }

  @Test
  void theKernelRunsTheFilterOfTheReadersHost() throws Exception {
    Requirements.libpcap();
    List<byte[]> frames =
        List.of(
            Packets.ethernet(Packets.udp("10.0.0.1", 1, "10.0.0.2", 53, new byte[20])),
            Packets.ethernet(Packets.udp("10.0.0.1", 1, "10.0.0.2", 54, new byte[20])),
            Packets.tag(
                Packets.ethernet(Packets.udp("10.0.0.1", 1, "10.0.0.2", 53, new byte[20])),
                0x8100,
                100));
    CompletableFuture<Void> sending = lab.sendWhenOpened(1, frames);
    List<Packet> packets =
        collect(
            env(1),
            live().filter("vlan 100 and udp port 53").duration(Duration.ofSeconds(2)).build());
    sending.join();
    assertThat(packets).hasSize(1);
    assertThat(packets.get(0).getVlan().getId()).isEqualTo(100);
    assertThat(lab.sum("offered")).isEqualTo(1);
  }
}
