package dev.ringtap.kafka.bench;

import dev.ringtap.capture.HostName;
import dev.ringtap.record.PacketSchema;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.TimestampPrecision;
import org.pcap4j.core.Pcaps;
import org.pcap4j.core.RawPacketListener;

/**
 * Packets into a topic as people write it today: pcap4j over libpcap, a GenericRecord for each
 * packet, Avro's encoder, a registry's five bytes before it, a KafkaProducer. With what a careful
 * author would do: raw bytes, no packet objects, one listener for all packets, writer and encoder
 * reused.
 *
 * <pre>{@code Pcap4jPipeline live INTERFACE | offline FILE  TOPIC  KEY=VALUE...}</pre>
 *
 * After SIGTERM it prints {@code captured N dropped N acknowledged N}.
 */
final class Pcap4jPipeline {
  private static final int SNAP_LENGTH_BYTES = 65_535;
  private static final int RING_BYTES = 64 << 20;
  private static final int READ_TIMEOUT_MILLIS = 20;
  private static final int LINK_TYPE_ETHERNET = 1;
  private static final String HOST = HostName.local();
  private static final byte[] REGISTRY_PREFIX = {0, 0, 0, 0, 1};

  private final PcapHandle handle;
  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final String interfaceName;

  private final long startMicros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());

  private final Schema schema = PacketSchema.published();
  private final Object packetType =
      new GenericData.EnumSymbol(schema.getField("packetType").schema(), "HOST");
  private final GenericDatumWriter<GenericRecord> writer = new GenericDatumWriter<>(schema);
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private BinaryEncoder encoder;

  private final LongAdder acknowledged = new LongAdder();
  private final Callback callback =
      (metadata, failure) -> {
        if (failure == null) {
          acknowledged.increment();
        }
      };

  private volatile long captured;

  private Pcap4jPipeline(
      PcapHandle handle,
      KafkaProducer<byte[], byte[]> producer,
      String topic,
      String interfaceName) {
    this.handle = handle;
    this.producer = producer;
    this.topic = topic;
    this.interfaceName = interfaceName;
  }

  public static void main(String[] arguments) throws Exception {
    boolean live = arguments[0].equals("live");
    Properties settings = new Properties();
    for (int i = 3; i < arguments.length; i++) {
      int equals = arguments[i].indexOf('=');
      settings.setProperty(arguments[i].substring(0, equals), arguments[i].substring(equals + 1));
    }
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    // the connection is there before the first packet
    producer.partitionsFor(arguments[2]);
    PcapHandle handle =
        live
            ? new PcapHandle.Builder(arguments[1])
                .snaplen(SNAP_LENGTH_BYTES)
                .bufferSize(RING_BYTES)
                .timeoutMillis(READ_TIMEOUT_MILLIS)
                .timestampPrecision(TimestampPrecision.NANO)
                .build()
            : Pcaps.openOffline(arguments[1], TimestampPrecision.NANO);
    Pcap4jPipeline pipeline =
        new Pcap4jPipeline(handle, producer, arguments[2], live ? arguments[1] : Traffic.INTERFACE);
    pipeline.run(live);
  }

  private void run(boolean live) throws Exception {
    Thread loop = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    handle.breakLoop();
                    loop.join();
                  } catch (Exception e) {
                    e.printStackTrace();
                  }
                }));
    System.out.println("listening");
    try {
      handle.loop(-1, (RawPacketListener) this::send);
    } catch (InterruptedException e) {
      // breakLoop() says so
    }
    long dropped = live ? handle.getStats().getNumPacketsDropped() : 0;
    handle.close();
    producer.close();
    System.out.printf(
        "captured %d dropped %d acknowledged %d%n", captured, dropped, acknowledged.sum());
  }

  private void send(byte[] packet) {
    Timestamp time = handle.getTimestamp();
    GenericRecord record = new GenericData.Record(schema);
    record.put("timestamp", time.getTime() / 1000 * 1_000_000_000 + time.getNanos());
    record.put("host", HOST);
    record.put("interfaceName", interfaceName);
    record.put("captureStart", startMicros);
    record.put("sequence", captured);
    record.put("lostBefore", 0L);
    record.put("member", 0);
    record.put("originalLength", handle.getOriginalLength());
    record.put("linkType", LINK_TYPE_ETHERNET);
    record.put("packetType", packetType);
    record.put("flags", 0);
    record.put("vlan", null);
    record.put("payload", ByteBuffer.wrap(packet));
    bytes.reset();
    bytes.writeBytes(REGISTRY_PREFIX);
    encoder = EncoderFactory.get().directBinaryEncoder(bytes, encoder);
    try {
      writer.write(record, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    captured++;
    producer.send(
        new ProducerRecord<>(topic, null, time.getTime(), null, bytes.toByteArray()), callback);
  }
}
