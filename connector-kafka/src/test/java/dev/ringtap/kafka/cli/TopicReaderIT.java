package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.embedded.EmbeddedBroker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Values of several partitions come in their order. */
@Timeout(120)
class TopicReaderIT {
  private static final int VALUES = 20_000;
  private static final int PARTITIONS = 3;

  @TempDir Path directory;

  /** Milliseconds. */
  private static final class Longs implements TopicReader.Values<Long> {
    @Override
    public List<Long> decode(byte[] value) {
      return List.of(ByteBuffer.wrap(value).getLong());
    }

    @Override
    public Instant time(Long element) {
      return Instant.ofEpochMilli(element);
    }

    @Override
    public int compare(Long first, Long second) {
      return Long.compare(first, second);
    }
  }

  @Test
  void partitionsAreMerged() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      Properties settings = new Properties();
      settings.setProperty("bootstrap.servers", broker.bootstrapServers());
      try (Admin admin = Admin.create(settings)) {
        admin.createTopics(List.of(new NewTopic("longs", PARTITIONS, (short) 1))).all().get();
      }
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
        for (long i = 0; i < VALUES; i++) {
          // the third ends early
          int partition = (int) (i % (i < VALUES / 4 ? PARTITIONS : 2));
          // a fetch brings less of the others
          byte[] value = ByteBuffer.allocate(partition == 0 ? 10 : 1000).putLong(0, i).array();
          producer.send(new ProducerRecord<>("longs", partition, i, null, value));
        }
      }
      settings.setProperty("max.partition.fetch.bytes", "20000");
      List<Long> read = new ArrayList<>();
      try (TopicReader<Long> reader = new TopicReader<>(settings, "longs", true, new Longs())) {
        while (!reader.isAtEnd()) {
          read.addAll(reader.poll());
        }
      }
      assertThat(read).hasSize(VALUES).isSorted();
    }
  }
}
