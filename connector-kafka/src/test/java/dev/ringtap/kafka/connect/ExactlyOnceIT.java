package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A capture file through a worker that is killed again and again: every frame once, in order. */
@Timeout(value = 170, unit = TimeUnit.SECONDS)
class ExactlyOnceIT {
  private static final int FRAMES = 400_000;
  private static final int FRAME_BYTES = 120;
  private static final int KILLS = 5;
  private static final TopicPartition PARTITION = new TopicPartition("once", 0);

  @TempDir static Path directory;

  private static long next;

  @Test
  void everyFrameComesOnceThoughTheWorkerIsKilledFiveTimes() throws Exception {
    Path file = write();
    try (WorkerLab lab =
        WorkerLab.create(directory, Map.of("exactly.once.source.support", "enabled"))) {
      lab.network()
          .call(
              () -> {
                try (Admin admin = Admin.create(lab.clientSettings())) {
                  admin.createTopics(List.of(new NewTopic("once", 1, (short) 1))).all().get();
                }
                return null;
              });
      lab.startWorker();
      lab.deploy(
          "once",
          1,
          Map.of(
              "connector.class", "PacketSourceConnector",
              "topic", "once",
              // a killed worker's transaction keeps the next one from reading its offsets so long
              "producer.override.transaction.timeout.ms", "5000",
              "file", file.toString(),
              "value.format", "avro",
              "exactly.once.support", "required",
              "transaction.boundary", "poll"));
      KafkaConsumer<byte[], byte[]> consumer = lab.network().call(() -> consumer(lab));
      try {
        for (int kill = 1; kill <= KILLS; kill++) {
          readTo(lab, consumer, (long) FRAMES * kill / (KILLS + 2));
          assertThat(next).as("frames at kill " + kill).isLessThan(FRAMES);
          lab.killWorker();
          lab.startWorker();
        }
        readTo(lab, consumer, FRAMES);
        lab.await("the end", () -> lab.logText().contains("was read to its end"));
        int more = lab.network().call(() -> consumer.poll(Duration.ofSeconds(1)).count());
        assertThat(more).as("records after the last frame").isZero();
        tryInterface(lab);
      } finally {
        lab.network()
            .call(
                () -> {
                  consumer.close();
                  return null;
                });
      }
    }
  }

  /** The same worker captures an interface too, but not exactly once. */
  private static void tryInterface(WorkerLab lab) throws IOException {
    Map<String, String> config =
        new HashMap<>(
            Map.of(
                "connector.class", "PacketSourceConnector",
                "topic", "live",
                "interface", PrivateNetwork.RIGHT,
                "ring-size", "8",
                "value.format", "avro",
                "topic.creation.default.partitions", "1",
                "topic.creation.default.replication.factor", "1"));
    config.put("exactly.once.support", "required");
    WorkerLab.Answer refused =
        lab.request("POST", "/connectors", Map.of("name", "live", "config", config));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().toString()).contains("exactly-once");
    config.put("exactly.once.support", "requested");
    lab.deploy("live", 1, config);
    try (FrameSender sender = lab.network().sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < 100; i++) {
        sender.send(new byte[FRAME_BYTES]);
      }
    }
    assertThat(lab.read("live", 100).size()).isEqualTo(100);
  }

  private static KafkaConsumer<byte[], byte[]> consumer(WorkerLab lab) {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            lab.clientSettings("isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(List.of(PARTITION));
    consumer.seekToBeginning(List.of(PARTITION));
    return consumer;
  }

  private static void readTo(WorkerLab lab, KafkaConsumer<byte[], byte[]> consumer, long frames)
      throws IOException {
    lab.await(
        frames + " frames",
        () ->
            lab.network()
                .call(
                    () -> {
                      for (ConsumerRecord<byte[], byte[]> each :
                          consumer.poll(Duration.ofMillis(50))) {
                        Packet packet = Packet.getDecoder().decode(each.value());
                        assertThat(packet.getSequence()).isEqualTo(next);
                        assertThat(packet.getPayload().getLong(0)).isEqualTo(next);
                        next++;
                      }
                      return next >= frames;
                    }));
  }

  /** A file whose frames begin with their number. */
  private static Path write() throws IOException {
    Path file = directory.resolve("numbered.pcapng");
    byte[] frame = new byte[FRAME_BYTES];
    MemorySegment bytes = MemorySegment.ofArray(frame);
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth0"), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < FRAMES; i++) {
        ByteBuffer.wrap(frame).putLong(i);
        long nanos = 1_700_000_000_000_000_000L + i;
        writer.write(id, nanos, FRAME_BYTES, PacketType.HOST, 0, 0, bytes, 0, FRAME_BYTES);
      }
    }
    return file;
  }
}
