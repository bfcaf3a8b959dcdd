package dev.ringtap.kafka.connect;

import static dev.ringtap.kafka.connect.WorkerLab.config;
import static dev.ringtap.kafka.connect.WorkerLab.frames;
import static dev.ringtap.kafka.connect.WorkerLab.value;
import static dev.ringtap.kafka.connect.WorkerLab.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.kafka.registry.RegistryFront;
import dev.ringtap.kafka.registry.RegistryServer;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketSchema;
import dev.ringtap.record.WireFormat;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real worker with a real registry, Apicurio's: structs through Apicurio's Avro converter, which
 * is a plugin of its own, and finished bytes that carry the schema's number.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ConnectRegistryIT {
  /** What the build fetches. */
  private static final Path CONVERTER = Path.of("target", "connect-plugins", "avro-converter");

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;

  private static WorkerLab lab;
  private static RegistryServer registry;

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(
        Files.isDirectory(CONVERTER), "needs " + CONVERTER + ", which `./mvnw verify` fetches");
    lab =
        WorkerLab.create(
            directory,
            Map.of(
                "plugin.path",
                directory.resolve("plugins") + "," + CONVERTER.toAbsolutePath().getParent(),
                // this version of the converter has no service file
                "plugin.discovery",
                "hybrid_warn",
                "config.providers",
                "file",
                "config.providers.file.class",
                "org.apache.kafka.common.config.provider.FileConfigProvider"));
    registry = lab.network().call(() -> RegistryServer.start(directory));
    lab.startWorker();
  }

  @AfterAll
  static void stop() throws IOException {
    if (registry != null) {
      registry.close();
    }
    if (lab != null) {
      lab.close();
    }
  }

  @AfterEach
  void removeConnectors() throws IOException {
    lab.removeConnectors();
  }

  /** A struct's configuration, with a converter that writes what Confluent's serializers do. */
  private static Map<String, String> converted(String topic, String... more) {
    Map<String, String> config = config(topic, more);
    config.put("value.converter", "io.apicurio.registry.utils.converter.AvroConverter");
    config.put(
        "value.converter.apicurio.registry.url", registry.apicurioUrl().replaceFirst("v3$", "v2"));
    config.put("value.converter.apicurio.registry.auto-register", "true");
    config.put("value.converter.apicurio.registry.as-confluent", "true");
    config.put("value.converter.apicurio.registry.use-id", "contentId");
    config.put("value.converter.apicurio.registry.headers.enabled", "false");
    config.put("value.converter.enhanced.avro.schema.support", "true");
    return config;
  }

  private static String ask(String method, String path, String body) throws IOException {
    return lab.network().call(() -> registry.ask(method, path, body));
  }

  /** The schema of a number, as any client of Confluent's API gets it. */
  private static Schema schema(int id) throws IOException {
    JsonNode answer = JSON.readTree(ask("GET", "/schemas/ids/" + id, ""));
    return new Schema.Parser().parse(answer.get("schema").asText());
  }

  /** The one number that all values carry. */
  private static int schemaId(List<ConsumerRecord<byte[], byte[]>> records) {
    assertThat(records)
        .allMatch(record -> WireFormat.of(record.value()) == WireFormat.REGISTRY)
        .allMatch(record -> record.headers().toArray().length == 0);
    List<Integer> ids =
        records.stream().map(each -> WireFormat.schemaId(each.value())).distinct().toList();
    assertThat(ids).hasSize(1);
    return ids.get(0);
  }

  /** What the program prints that knows nothing of Ringtap, nor of Connect. */
  private static String read(String topic, List<ConsumerRecord<byte[], byte[]>> records)
      throws IOException {
    Path dump = directory.resolve(topic + ".values");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(dump))) {
      for (ConsumerRecord<byte[], byte[]> record : records) {
        out.writeInt(record.value().length);
        out.write(record.value());
      }
    }
    return Tcpdump.run(
        lab.network(),
        "/usr/bin/python3",
        "-W",
        "ignore",
        Path.of("src/test/resources/registry_reader.py").toAbsolutePath().toString(),
        registry.url(),
        dump.toString());
  }

  /** What it must print. */
  private static String expected(List<WireFrame> wire) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (WireFrame frame : wire) {
      digest.update(ByteBuffer.allocate(8).putLong(frame.nanos()).flip());
      digest.update(frame.payload().duplicate());
    }
    return "%d packets, 1 schemas, %s\n"
        .formatted(wire.size(), HexFormat.of().formatHex(digest.digest()));
  }

  private static List<Packet> packets(List<ConsumerRecord<byte[], byte[]>> records, Schema writer)
      throws IOException {
    SpecificDatumReader<Packet> reader = new SpecificDatumReader<>(writer, Packet.getClassSchema());
    List<Packet> packets = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      byte[] value = record.value();
      int header = WireFormat.REGISTRY.headerBytes();
      packets.add(
          reader.read(
              null,
              DecoderFactory.get().binaryDecoder(value, header, value.length - header, null)));
    }
    return packets;
  }

  @Test
  void convertedStructsAndFinishedBytesAreTheFramesThatTcpdumpSees() throws Exception {
    Requirements.programs("tcpdump");
    lab.deploy("converted", 1, converted("converted", "interface", PrivateNetwork.RIGHT));
    lab.deploy(
        "finished",
        1,
        config(
            "finished",
            "interface",
            PrivateNetwork.RIGHT,
            "value.format",
            "avro",
            "registry",
            registry.url()));
    // all fit into tcpdump's ring, however late it comes to read it
    List<byte[]> frames = frames(21, 900);
    List<WireFrame> wire;
    List<ConsumerRecord<byte[], byte[]>> converted;
    List<ConsumerRecord<byte[], byte[]>> finished;
    try (Tcpdump tcpdump =
        Tcpdump.start(
            lab.network(), directory, "-i", PrivateNetwork.RIGHT, "--time-stamp-precision=nano")) {
      lab.send(frames);
      converted = lab.read("converted", frames.size());
      finished = lab.read("finished", frames.size());
      wire = WireFrame.of(tcpdump.stop());
    }
    assertThat(wire).hasSameSizeAs(frames);
    assertThat(read("converted", converted)).isEqualTo(expected(wire));
    assertThat(read("finished", finished)).isEqualTo(expected(wire));

    Schema ofConverter = schema(schemaId(converted));
    assertThat(JSON.readTree(ask("GET", "/subjects/converted-value/versions/1", "")).get("id"))
        .hasToString(String.valueOf(schemaId(converted)));
    Schema ours = schema(schemaId(finished));
    assertThat(ours).isEqualTo(PacketSchema.published());
    List<Packet> packets = packets(converted, ofConverter);
    // two tasks are two captures
    List<Packet> others = packets(finished, ours);
    others.forEach(other -> other.setCaptureStart(packets.get(0).getCaptureStart()));
    assertThat(packets).isEqualTo(others);
    assertThat(packets.stream().filter(packet -> packet.getVlan() != null)).isNotEmpty();
    assertTheConvertersSchema(ofConverter);
  }

  /** What the page says of it. */
  private static void assertTheConvertersSchema(Schema converted) {
    Schema ours = PacketSchema.published();
    assertThat(converted.getFullName()).isEqualTo(ours.getFullName());
    assertThat(converted.getFields().stream().map(Schema.Field::name).toList())
        .isEqualTo(ours.getFields().stream().map(Schema.Field::name).toList());
    assertThat(compatibility(ours, converted)).isEqualTo(SchemaCompatibilityType.COMPATIBLE);
    assertThat(compatibility(converted, ours)).isEqualTo(SchemaCompatibilityType.COMPATIBLE);

    Schema packetType = converted.getField("packetType").schema();
    assertThat(packetType.getFullName()).isEqualTo("dev.ringtap.record.PacketType");
    assertThat(packetType.getEnumSymbols())
        .isEqualTo(ours.getField("packetType").schema().getEnumSymbols());
    Schema.Field vlan = converted.getField("vlan");
    assertThat(vlan.hasDefaultValue()).isTrue();
    assertThat(vlan.schema().getTypes().stream().map(Schema::getFullName).toList())
        .containsExactly("null", "dev.ringtap.record.Vlan");
    Schema.Field member = converted.getField("member");
    assertThat(member.defaultVal()).isEqualTo(0);
    assertThat(member.schema().getObjectProp("connect.default")).isEqualTo(0);

    Schema timestamp = converted.getField("timestamp").schema();
    assertThat(timestamp.getType()).isEqualTo(Schema.Type.LONG);
    assertThat(timestamp.getLogicalType()).isNull();
    assertThat(timestamp.getProp("connect.name")).isEqualTo("dev.ringtap.record.TimestampNanos");
    assertThat(timestamp.getObjectProp("connect.parameters"))
        .isEqualTo(Map.of("logicalType", "timestamp-nanos"));
    assertThat(timestamp.getProp("connect.doc")).isEqualTo(ours.getField("timestamp").doc());
    assertThat(converted.getField("timestamp").doc()).isNull();
  }

  private static SchemaCompatibilityType compatibility(Schema reader, Schema writer) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType();
  }

  @Test
  void packetTypeIsAStringUnlessTheConverterIsToldOtherwise() throws IOException {
    Path file = write(directory.resolve("plain.pcapng"), frames(22, 10));
    Map<String, String> config = converted("plain", "file", file.toString());
    config.remove("value.converter.enhanced.avro.schema.support");
    lab.deploy("plain", 1, config);
    Schema plain = schema(schemaId(lab.read("plain", 10)));
    assertThat(plain.getField("packetType").schema().getType()).isEqualTo(Schema.Type.STRING);
    assertThat(compatibility(PacketSchema.published(), plain))
        .isEqualTo(SchemaCompatibilityType.INCOMPATIBLE);
  }

  @Test
  void validationAsksTheRegistryAndLeavesItAsItIs() throws IOException {
    String[] finished = {
      "name", "n", "interface", PrivateNetwork.RIGHT, "value.format", "avro", "registry", ""
    };
    finished[7] = "http://u:s3cret@127.0.0.1:1/api";
    JsonNode down = lab.validate(config("t", finished));
    assertThat(value(down, "registry").get("errors").toString())
        .contains("no schema registry answers at http://127.0.0.1:1/api (");
    assertThat(value(down, "interface").get("errors")).isEmpty();
    assertThat(down.toString()).doesNotContain("s3cret");

    finished[7] = WorkerLab.REST;
    assertThat(value(lab.validate(config("t", finished)), "registry").get("errors").toString())
        .contains("was answered with HTTP 404: no registry's API is at this URL");

    finished[7] = registry.url();
    JsonNode good = lab.validate(config("untouched", finished));
    assertThat(good.get("error_count").asInt()).as(good.toString()).isZero();
    assertThat(ask("GET", "/subjects", "")).doesNotContain("untouched");

    Map<String, String> other = config("t", finished);
    other.put("subject", "other");
    ask(
        "POST",
        "/subjects/other/versions",
        "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"Packet\\\",\\\"namespace\\\":"
            + "\\\"dev.ringtap.record\\\",\\\"fields\\\":[{\\\"name\\\":\\\"payload\\\","
            + "\\\"type\\\":\\\"string\\\"}]}\"}");
    ask("PUT", "/config/other", "{\"compatibility\":\"FULL\"}");
    JsonNode incompatible = lab.validate(other);
    assertThat(value(incompatible, "subject").get("errors").toString())
        .contains("under subject 'other' is not compatible", "take another subject");
    assertThat(value(incompatible, "registry").get("errors")).isEmpty();
  }

  @Test
  void theSchemaIsLookedUpOnceForATaskAndTheLoginIsNeverShown() throws IOException {
    List<byte[]> frames = frames(23, 500);
    Path file = write(directory.resolve("login.pcapng"), frames);
    try (RegistryFront front =
        lab.network().call(() -> new RegistryFront(registry.url(), "worker:s3cret word", null))) {
      Path secrets = directory.resolve("registry.properties");
      Files.writeString(secrets, "url=" + front.url("worker:s3cret%20word"));
      lab.deploy(
          "login",
          1,
          config(
              "login",
              "file",
              file.toString(),
              "value.format",
              "avro",
              "registry",
              "${file:" + secrets + ":url}",
              "subject",
              "dev.ringtap.record.Packet"));
      List<ConsumerRecord<byte[], byte[]>> records = lab.read("login", frames.size());
      List<Packet> packets = packets(records, schema(schemaId(records)));
      assertThat(packets.stream().map(Packet::getPayload).toList())
          .isEqualTo(frames.stream().map(ByteBuffer::wrap).toList());
      assertThat(front.requests())
          .containsExactly(
              "POST /subjects/dev.ringtap.record.Packet",
              "POST /compatibility/subjects/dev.ringtap.record.Packet/versions",
              "POST /subjects/dev.ringtap.record.Packet",
              "POST /subjects/dev.ringtap.record.Packet/versions");
      lab.must("POST", "/connectors/login/tasks/0/restart", null);
      lab.await("the restarted task's request", () -> front.requests().size() == 5);
      assertThat(front.requests().get(4)).isEqualTo("POST /subjects/dev.ringtap.record.Packet");
      assertThat(lab.must("GET", "/connectors/login", null).toString()).doesNotContain("s3cret");
      assertThat(lab.logText())
          .contains("of subject dev.ringtap.record.Packet at " + front.url(null))
          .doesNotContain("s3cret");
    }
  }
}
