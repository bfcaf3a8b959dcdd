package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.HostName;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The task on capture files: what its records hold, and that it goes on at any of them. */
@Timeout(30)
class PacketSourceTaskTest {
  private static final int FRAMES = 600;
  private static final long FIRST_NANOS = 1_700_000_000_000_000_000L;

  @TempDir static Path directory;

  private static List<byte[]> frames;
  private static Path file;
  private static Path packed;

  @BeforeAll
  static void write() throws IOException {
    file = directory.resolve("frames.pcapng");
    frames = Packets.stream(7).limit(FRAMES).toList();
    writeFrames(file, FIRST_NANOS, FRAMES);
    packed = directory.resolve("frames.pcapng.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      Files.copy(file, out);
    }
  }

  private static void writeFrames(Path path, long firstNanos, int count) throws IOException {
    try (PcapngWriter writer = PcapngWriter.create(path)) {
      int[] ids = {
        writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144),
        writer.addInterface(CaptureId.on("eth8"), LinkType.ETHERNET, 262_144)
      };
      for (int i = 0; i < count; i++) {
        byte[] frame = frames.get(i);
        MemorySegment bytes = MemorySegment.ofArray(frame);
        writer.write(
            ids[i / 50 % 2],
            firstNanos + i * 1_000_003L,
            frame.length,
            PacketType.OUTGOING,
            0,
            i % 100 == 5 ? 9 : 0,
            bytes,
            0,
            frame.length);
      }
    }
  }

  private static Map<String, String> config(Path path, String... more) {
    Map<String, String> config = new HashMap<>();
    config.put("name", "under \"test\"");
    config.put("file", path.toString());
    config.put("topic", "packets");
    for (int i = 0; i < more.length; i += 2) {
      config.put(more[i], more[i + 1]);
    }
    return config;
  }

  private static PacketSourceTask started(Map<String, String> config, Map<String, ?> offset) {
    return startedOn(new StoredOffset(offset), config);
  }

  private static PacketSourceTask startedOn(StoredOffset worker, Map<String, String> config) {
    PacketSourceTask task = new PacketSourceTask();
    task.initialize(worker);
    task.start(config);
    return task;
  }

  private static List<SourceRecord> rest(Map<String, String> config, Map<String, ?> offset)
      throws InterruptedException {
    PacketSourceTask task = started(config, offset);
    try {
      return all(task);
    } finally {
      task.stop();
    }
  }

  /** Polls until all was read. */
  private static List<SourceRecord> all(PacketSourceTask task) throws InterruptedException {
    List<SourceRecord> records = new ArrayList<>();
    while (!task.isEnded()) {
      List<SourceRecord> some = task.poll();
      if (some != null) {
        assertThat(some).isNotEmpty();
        records.addAll(some);
      }
    }
    return records;
  }

  @Test
  void structAndAvroAreTheSamePacket() throws Exception {
    List<SourceRecord> structs = rest(config(file), null);
    List<SourceRecord> avros = rest(config(file, "value.format", "avro"), null);
    assertThat(structs).hasSize(FRAMES);
    assertThat(avros).hasSize(FRAMES);
    long tagged = 0;
    for (int i = 0; i < FRAMES; i++) {
      assertThat(avros.get(i).valueSchema()).isEqualTo(Schema.BYTES_SCHEMA);
      Packet packet = Packet.getDecoder().decode((byte[]) avros.get(i).value());
      Struct struct = (Struct) structs.get(i).value();
      struct.validate();
      assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(frames.get(i)));
      AvroStructs.assertSame(packet, struct);
      tagged += struct.get("vlan") == null ? 0 : 1;
      long millis = (FIRST_NANOS + i * 1_000_003L) / 1_000_000;
      assertThat(structs.get(i).timestamp()).isEqualTo(millis);
      assertThat(avros.get(i).timestamp()).isEqualTo(millis);
    }
    assertThat(tagged).isBetween(1L, FRAMES - 1L);
  }

  @Test
  void withARegistryTheValuesCarryTheSchemasNumber() throws Exception {
    List<SourceRecord> plain = rest(config(file, "value.format", "avro"), null);
    HttpServer registry =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    List<String> requests = new CopyOnWriteArrayList<>();
    registry.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestURI().getPath());
          byte[] answer = "{\"id\":16909060}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    registry.start();
    String url = "http://127.0.0.1:" + registry.getAddress().getPort();
    List<SourceRecord> framed;
    try {
      framed = rest(config(file, "value.format", "avro", "registry", url), null);
      rest(config(file, "value.format", "avro", "registry", url, "subject", "p"), null);
    } finally {
      registry.stop(0);
    }
    assertThat(requests).containsExactly("/subjects/packets-value", "/subjects/p");
    assertThat(framed).hasSize(FRAMES);
    for (int i = 0; i < FRAMES; i++) {
      byte[] value = (byte[]) framed.get(i).value();
      byte[] singleObject = (byte[]) plain.get(i).value();
      assertThat(framed.get(i).valueSchema()).isEqualTo(Schema.BYTES_SCHEMA);
      assertThat(value).startsWith(0, 1, 2, 3, 4);
      assertThat(Arrays.copyOfRange(value, 5, value.length))
          .isEqualTo(Arrays.copyOfRange(singleObject, 10, singleObject.length));
    }
  }

  @Test
  void aRegistryThatIsAwayFailsTheTaskAtItsStart() {
    assertThatThrownBy(
            () ->
                started(
                    config(file, "value.format", "avro", "registry", "http://u:s3cret@127.0.0.1:1"),
                    null))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("no schema registry answers at http://127.0.0.1:1 (")
        .hasStackTraceContaining("RegistryException")
        .satisfies(
            e -> {
              StringWriter trace = new StringWriter();
              e.printStackTrace(new PrintWriter(trace));
              assertThat(trace.toString()).doesNotContain("s3cret");
            });
  }

  @Test
  void keysAreTheAgents() throws Exception {
    SourceRecord flow = rest(config(file), null).get(0);
    assertThat(flow.keySchema()).isEqualTo(Schema.BYTES_SCHEMA);
    assertThat((byte[]) flow.key()).hasSize(8);
    SourceRecord text = rest(config(file, "key", "interface"), null).get(0);
    assertThat(text.keySchema()).isEqualTo(Schema.STRING_SCHEMA);
    assertThat(text.key()).isEqualTo("eth7");
    SourceRecord bytes =
        rest(config(file, "key", "interface", "value.format", "avro"), null).get(0);
    assertThat(bytes.keySchema()).isEqualTo(Schema.BYTES_SCHEMA);
    assertThat((byte[]) bytes.key()).isEqualTo("eth7".getBytes(StandardCharsets.UTF_8));
    SourceRecord none = rest(config(file, "key", "none"), null).get(0);
    assertThat(none.keySchema()).isNull();
    assertThat(none.key()).isNull();
  }

  /** Keeps Ethernet frames of IPv4 alone, cut to 60 bytes: {@code tcpdump -s 60 -ddd ip}. */
  private static final String IP_ALONE = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 60\n6 0 0 0\n";

  @Test
  void itGoesOnBehindEachRecord() throws Exception {
    for (Map<String, String> config :
        List.of(
            config(file, "value.format", "avro"),
            config(packed, "value.format", "avro"),
            config(file, "value.format", "avro", "bpf", IP_ALONE))) {
      List<SourceRecord> whole = rest(config, null);
      List<Read> all = whole.stream().map(PacketSourceTaskTest::read).toList();
      assertThat(all.size()).isGreaterThan(FRAMES / 10);
      for (int i = 0; i < all.size(); i += 23) {
        List<SourceRecord> rest = rest(config, whole.get(i).sourceOffset());
        assertThat(rest.stream().map(PacketSourceTaskTest::read).toList())
            .isEqualTo(all.subList(i + 1, all.size()));
      }
      assertThat(rest(config, whole.get(whole.size() - 1).sourceOffset())).isEmpty();
    }
  }

  /** What must be the same however often the file was begun anew. */
  private record Read(Object frame, Object sequence, ByteBuffer value) {}

  private static Read read(SourceRecord record) {
    return new Read(
        record.sourceOffset().get("frame"),
        record.sourceOffset().get("sequence"),
        ByteBuffer.wrap((byte[]) record.value()));
  }

  @Test
  void aFilterLeavesOutFramesAndNotTheirLosses() throws Exception {
    List<SourceRecord> kept = rest(config(file, "bpf", IP_ALONE), null);
    long expected = frames.stream().filter(PacketSourceTaskTest::isIpv4).count();
    assertThat(kept).hasSize((int) expected);
    long lost = 0;
    for (int i = 0; i < kept.size(); i++) {
      Struct value = (Struct) kept.get(i).value();
      assertThat(value.getInt64("sequence")).isEqualTo(i);
      assertThat(value.getBytes("payload").length).isLessThanOrEqualTo(60);
      lost += value.getInt64("lostBefore");
    }
    assertThat(lost).isEqualTo(9 * 6);
  }

  private static boolean isIpv4(byte[] frame) {
    return frame.length >= 14 && frame[12] == 8 && frame[13] == 0;
  }

  @Test
  void anOffsetWrittenByHandNeedsTheFrameAlone() throws Exception {
    List<SourceRecord> whole = rest(config(file), null);
    List<SourceRecord> rest = rest(config(file), Map.of("frame", 17));
    assertThat(rest).hasSize(FRAMES - 17);
    assertThat(rest.get(0).value()).isEqualTo(whole.get(17).value());
  }

  @Test
  void aFileThatGrewOrIsACopyGoesOnAndAnotherOfItsNameBeginsAnew() throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    Path rotated = directory.resolve("rotated.pcap");
    for (Path first : List.of(file, packed)) {
      Files.write(rotated, Files.readAllBytes(first));
      List<SourceRecord> whole = rest(config(rotated), null);
      Map<String, ?> offset = whole.get(99).sourceOffset();

      Path copy = Files.copy(rotated, directory.resolve("copy"));
      Files.move(copy, rotated, StandardCopyOption.REPLACE_EXISTING);
      assertThat(rest(config(rotated), offset)).hasSize(FRAMES - 100);

      // tcpdump and the like begin a file of the same name; here one second later
      writeFrames(rotated, FIRST_NANOS + 1_000_000_000L, FRAMES);
      List<SourceRecord> anew = rest(config(rotated), offset);
      assertThat(anew).hasSize(FRAMES);
      assertThat(((Struct) anew.get(0).value()).getInt64("sequence")).isZero();
      assertThat(rest(config(rotated), anew.get(9).sourceOffset())).hasSize(FRAMES - 10);
      Files.write(rotated, Arrays.copyOf(bytes, 100));
      assertThat(started(config(rotated), offset)).isNotNull();
    }

    writeFrames(rotated, FIRST_NANOS, 7);
    List<SourceRecord> few = rest(config(rotated), null);
    assertThat(few).hasSize(7);
    writeFrames(rotated, FIRST_NANOS, FRAMES);
    assertThat(rest(config(rotated), few.get(6).sourceOffset())).hasSize(FRAMES - 7);
  }

  @Test
  void aTaskOnAnotherHostFailsAndSaysWhere() throws Exception {
    assertThatThrownBy(() -> started(config(file, "hosts", "a.example,b"), null))
        .isInstanceOf(ConnectException.class)
        .hasMessageStartingWith(
            "task under \"test\"-0 may not run on host "
                + HostName.local()
                + ": option hosts names a.example, b; ");
    String here = HostName.local().toUpperCase(Locale.ROOT);
    assertThat(rest(config(file, "hosts", "a.example," + here), null)).hasSize(FRAMES);
  }

  @Test
  void theLedgerIsAmongTheWorkersMetricsAndAddsUp() throws Exception {
    StoredOffset worker = new StoredOffset(null);
    PacketSourceTask task = startedOn(worker, config(file));
    List<SourceRecord> records = all(task);
    RecordMetadata metadata = new RecordMetadata(new TopicPartition("packets", 0), 0, 0, 0, 0, 0);
    for (int i = 0; i < 500; i++) {
      task.commitRecord(records.get(i), i < 480 ? metadata : null);
    }
    assertThat(worker.counts())
        .containsEntry("capturing", 1L)
        .containsEntry("offered", FRAMES + 54L)
        .containsEntry("dropped-by-kernel", 54L)
        .containsEntry("captured", (long) FRAMES)
        .containsEntry("polled", (long) FRAMES)
        .containsEntry("lost-before", 54L)
        .containsEntry("acknowledged", 480L)
        .containsEntry("skipped", 20L)
        .containsEntry("unconfirmed", 100L)
        .hasSize(TaskMetric.values().length);
    task.stop();
    task.stop();
    assertThat(task.poll()).isNull();
  }

  @Test
  void aWorkerWithoutMetricsOfTasksRunsThemToo() throws Exception {
    StoredOffset old = new StoredOffset(null);
    old.hasPluginMetrics = false;
    assertThat(all(startedOn(old, config(file)))).hasSize(FRAMES);
    StoredOffset busy = new StoredOffset(null);
    startedOn(busy, config(file));
    assertThat(all(startedOn(busy, config(file)))).hasSize(FRAMES);
    assertThat(busy.counts()).containsEntry("polled", 0L);
  }

  @Test
  void stopEndsAnIdlePoll() throws Exception {
    PacketSourceTask task = started(config(file), null);
    all(task);
    Thread stopper = new Thread(task::stop);
    long start = System.nanoTime();
    stopper.start();
    assertThat(task.poll()).isNull();
    stopper.join();
    assertThat(System.nanoTime() - start).isLessThan(1_000_000_000L);
  }

  @Test
  void aDamagedFileFailsTheTaskAtItsFault() throws Exception {
    Path damaged = directory.resolve("cut.pcapng");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(damaged, Arrays.copyOf(bytes, bytes.length / 2));
    PacketSourceTask task = started(config(damaged), null);
    assertThatThrownBy(() -> all(task))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("cut.pcapng");
    task.stop();
    assertThatThrownBy(() -> started(config(directory.resolve("no.pcap")), null))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("no.pcap: no such file");
  }
}
