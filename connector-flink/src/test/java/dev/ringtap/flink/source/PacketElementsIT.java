package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Avro's generated packets as elements, through Flink's own Avro serializer. */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
@Timeout(60)
class PacketElementsIT {
  @TempDir Path directory;

  private static <T> List<T> collect(DataStream<T> stream) throws Exception {
    List<T> all = new ArrayList<>();
    try (CloseableIterator<T> found = stream.executeAndCollect()) {
      found.forEachRemaining(all::add);
    }
    return all;
  }

  @Test
  void packetsAreWhatTheEncodedOnesDecodeTo() throws Exception {
    List<byte[]> frames =
        Packets.stream(11).filter(frame -> frame.length < 9000).limit(500).toList();
    Path file = PcapFile.write(directory.resolve("a.pcap"), frames);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
    PacketRecordDeserializer packets = new PacketRecordDeserializer();
    assertThat(packets.getProducedType()).isInstanceOf(AvroTypeInfo.class);
    List<Packet> elements =
        collect(
            env.fromSource(
                    PacketSource.<Packet>builder().files(file).deserializer(packets).build(),
                    WatermarkStrategy.forMonotonousTimestamps(),
                    "packets")
                .rebalance()
                .filter(packet -> packet.getSequence() >= 0));
    List<Packet> decoded = new ArrayList<>();
    for (byte[] bytes :
        collect(
            env.fromSource(
                PacketSource.<byte[]>builder()
                    .files(file)
                    .deserializer(new AvroBytesDeserializer())
                    .build(),
                WatermarkStrategy.noWatermarks(),
                "bytes"))) {
      decoded.add(Packet.getDecoder().decode(bytes));
    }
    assertThat(elements).hasSize(500).isEqualTo(decoded);
  }
}
