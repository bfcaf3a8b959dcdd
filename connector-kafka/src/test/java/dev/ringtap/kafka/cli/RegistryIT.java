package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.kafka.registry.RegistryFront;
import dev.ringtap.kafka.registry.RegistryServer;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketSchema;
import dev.ringtap.registry.RegistryUrl;
import dev.ringtap.registry.SchemaTarget;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import io.apicurio.registry.serde.avro.AvroKafkaSerializer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Records in a registry's wire format, with a real registry: Apicurio's server, its own serializer
 * and deserializer, and a program that knows nothing but the format.
 */
@Timeout(180)
class RegistryIT {
  private static final int FRAMES = 2000;
  private static final long FIRST_NANOS = 1_700_000_000_000_000_000L;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;

  private static RegistryServer registry;
  private static EmbeddedBroker broker;
  private static Path file;
  private static List<byte[]> frames;

  @BeforeAll
  static void start() throws IOException {
    registry = RegistryServer.start(directory);
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
    file = directory.resolve("frames.pcapng");
    frames = Packets.stream(11).limit(FRAMES).toList();
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < FRAMES; i++) {
        byte[] frame = frames.get(i);
        MemorySegment bytes = MemorySegment.ofArray(frame);
        writer.write(
            id, FIRST_NANOS + i, frame.length, PacketType.HOST, 0, 0, bytes, 0, frame.length);
      }
    }
  }

  @AfterAll
  static void stop() throws IOException {
    if (registry != null) {
      registry.close();
    }
    if (broker != null) {
      broker.close();
    }
  }

  private static Launcher.Result ringtap(Map<String, String> environment, String... arguments)
      throws Exception {
    return Launcher.run(Launcher.SCRIPT, environment, arguments);
  }

  /** Replays the file into a topic of one partition. */
  private static Launcher.Result capture(String topic, String... more) throws Exception {
    return capture(Map.of(), topic, more);
  }

  private static Launcher.Result capture(
      Map<String, String> environment, String topic, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("capture", "-r", file.toString(), "-b", broker.bootstrapServers(), "-t"));
    arguments.addAll(List.of(topic, "--partitions", "1"));
    arguments.addAll(List.of(more));
    return ringtap(environment, arguments.toArray(String[]::new));
  }

  private static Properties settings() {
    Properties settings = new Properties();
    settings.setProperty("bootstrap.servers", broker.bootstrapServers());
    return settings;
  }

  private static List<byte[]> values(String topic) {
    return TopicRecords.all(settings(), topic).stream().map(ConsumerRecord::value).toList();
  }

  private static Set<String> topics() throws Exception {
    try (Admin admin = Admin.create(settings())) {
      return admin.listTopics().names().get();
    }
  }

  private static int idOf(String subject) throws IOException {
    JsonNode latest =
        JSON.readTree(registry.ask("GET", "/subjects/" + subject + "/versions/latest", ""));
    return latest.get("id").intValue();
  }

  private static int register(String subject, Schema schema) throws IOException {
    String body = JSON.createObjectNode().put("schema", schema.toString()).toString();
    String path = "/subjects/" + subject + "/versions";
    return JSON.readTree(registry.ask("POST", path, body)).get("id").intValue();
  }

  @Test
  void valuesAreThoseOfApicuriosSerializerAndItsDeserializerReadsThem() throws Exception {
    Launcher.Result run = capture("framed", "--registry", registry.url());
    assertThat(run.status()).as(run.err()).isZero();
    int id = idOf("framed-value");
    assertThat(run.err())
        .contains(
            "with schema " + id + " of subject framed-value at " + registry.url(),
            FRAMES + " acknowledged + 0 not delivered");
    assertThat(capture("plain").status()).isZero();
    List<byte[]> framed = values("framed");
    List<byte[]> plain = values("plain");
    assertThat(framed).hasSameSizeAs(plain).hasSize(FRAMES);

    Schema schema = PacketSchema.published();
    GenericDatumReader<GenericRecord> generic = new GenericDatumReader<>(schema);
    try (AvroKafkaDeserializer<Packet> theirs = new AvroKafkaDeserializer<>();
        AvroKafkaSerializer<GenericRecord> serializer = new AvroKafkaSerializer<>()) {
      theirs.configure(
          Map.of(
              "apicurio.registry.url",
              registry.apicurioUrl(),
              "apicurio.registry.use-specific-avro-reader",
              "true"),
          false);
      serializer.configure(
          Map.of(
              "apicurio.registry.url",
              registry.apicurioUrl(),
              "apicurio.registry.auto-register",
              "false",
              "apicurio.registry.find-latest",
              "true"),
          false);
      for (int i = 0; i < FRAMES; i++) {
        byte[] value = framed.get(i);
        assertThat(ByteBuffer.wrap(value).get()).isZero();
        assertThat(ByteBuffer.wrap(value).getInt(1)).isEqualTo(id);
        Packet packet = theirs.deserialize("framed", value);
        assertThat(packet).isEqualTo(Packet.getDecoder().decode(plain.get(i)));
        assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(frames.get(i)));
        GenericRecord record =
            generic.read(
                null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
        assertThat(serializer.serialize("framed", record)).isEqualTo(value);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "auto"})
  void programThatKnowsOnlyTheFormatReadsThem(String framesPerRecord) throws Exception {
    String topic = "python-" + framesPerRecord;
    Requirements.programs("kcat");
    assertThat(Files.isDirectory(Path.of("/usr/lib/python3/dist-packages/avro")))
        .as("Debian's package python3-avro")
        .isTrue();
    String[] packed = {"--registry", registry.url(), "--frames-per-record", framesPerRecord};
    assertThat(capture(topic, packed).status()).isZero();
    Path dump = directory.resolve(topic + ".values");
    TestNetwork.run(
        "sh",
        "-c",
        "kcat -q -C -b %s -t %s -o beginning -e -D '' -f '%%R%%s' > %s"
            .formatted(broker.bootstrapServers(), topic, dump));
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < FRAMES; i++) {
      digest.update(ByteBuffer.allocate(8).putLong(FIRST_NANOS + i).flip());
      digest.update(frames.get(i));
    }
    String read =
        TestNetwork.run(
            "/usr/bin/python3",
            "-W",
            "ignore",
            Path.of("src/test/resources/registry_reader.py").toString(),
            registry.url(),
            dump.toString());
    assertThat(read)
        .isEqualTo(
            "%d packets, 1 schemas, %s\n"
                .formatted(FRAMES, HexFormat.of().formatHex(digest.digest())));
  }

  @Test
  void severalRunsAndWorkersRegisterOnce() throws Exception {
    Requirements.privateNetwork();
    try (RegistryFront front = new RegistryFront(registry.url(), null, null)) {
      assertThat(capture("once", "--registry", front.url(null)).status()).isZero();
      assertThat(capture("once", "--registry", front.url(null)).status()).isZero();
      try (PrivateNetwork network = PrivateNetwork.create();
          CaptureAgent agent =
              CaptureAgent.open(
                  new AgentConfig(
                      AgentConfig.Live.on(network.capture(PrivateNetwork.RIGHT).build(), 3, false),
                      new AgentConfig.KafkaTarget(
                          "once",
                          1,
                          RecordKey.FLOW,
                          1,
                          settings(),
                          false,
                          new SchemaTarget(RegistryUrl.parse(front.url(null)), "once-value"),
                          null),
                      0,
                      null,
                      Duration.ofSeconds(30)))) {
        CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
        try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
          for (int i = 0; i < 1000; i++) {
            byte[] payload = new byte[100];
            sender.send(
                Packets.ethernet(
                    Packets.udp("10.0.0." + (1 + i % 64), i % 64, "10.0.1.1", 53, payload)));
          }
        }
        agent.stop();
        Ledger ledger = running.join();
        assertThat(ledger.acknowledged()).isEqualTo(1000);
        assertThat(agent.schemaId()).hasValue(idOf("once-value"));
      }
      assertThat(front.requests())
          .containsExactly(
              "POST /subjects/once-value",
              "POST /subjects/once-value/versions",
              "POST /subjects/once-value",
              "POST /subjects/once-value");
    }
    assertThat(registry.ask("GET", "/subjects/once-value/versions", "")).isEqualTo("[1]");
    int id = idOf("once-value");
    SpecificDatumReader<Packet> reader = new SpecificDatumReader<>(Packet.getClassSchema());
    Set<Integer> members = new HashSet<>();
    for (byte[] value : values("once")) {
      assertThat(ByteBuffer.wrap(value).getInt(1)).isEqualTo(id);
      members.add(
          reader
              .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null))
              .getMember());
    }
    assertThat(members).containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void incompatibleSubjectIsAClearErrorBeforeTheCapture() throws Exception {
    register(
        "other",
        new Schema.Parser()
            .parse(
                "{\"type\":\"record\",\"name\":\"Packet\",\"namespace\":\"dev.ringtap.record\","
                    + "\"fields\":[{\"name\":\"payload\",\"type\":\"string\"}]}"));
    registry.ask("PUT", "/config/other", "{\"compatibility\":\"FULL\"}");
    Launcher.Result run =
        capture("incompatible", "--registry", registry.url(), "--subject", "other");
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err())
        .contains(
            "schema registry "
                + registry.url()
                + ": schema dev.ringtap.record.Packet under subject"
                + " 'other' is not compatible with what is registered there (HTTP 409: ",
            "take another subject")
        .doesNotContain("replaying", "\tat ");
    assertThat(topics()).doesNotContain("incompatible");
  }

  /** As an earlier version of the schema might be: it lacks a field that has a default. */
  private static Schema earlier() {
    Schema published = PacketSchema.published();
    Schema earlier =
        Schema.createRecord(
            published.getName(), published.getDoc(), published.getNamespace(), false);
    earlier.setFields(
        published.getFields().stream()
            .filter(field -> !field.name().equals("vlan"))
            .map(field -> new Schema.Field(field, field.schema()))
            .toList());
    return earlier;
  }

  /** The strictest rule that there is, on a subject with an earlier version of the schema. */
  @Test
  void subjectOfFullTransitiveCompatibilityTakesTheNextVersion() throws Exception {
    Schema first = earlier();
    int firstId = register("strict-value", first);
    registry.ask("PUT", "/config/strict-value", "{\"compatibility\":\"FULL_TRANSITIVE\"}");
    Launcher.Result run = capture("strict", "-c", "1", "--registry", registry.url());
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(registry.ask("GET", "/subjects/strict-value/versions", "")).isEqualTo("[1,2]");
    assertThat(ByteBuffer.wrap(values("strict").get(0)).getInt(1))
        .isEqualTo(idOf("strict-value"))
        .isNotEqualTo(firstId);
  }

  @Test
  void registryThatIsDownIsAClearErrorInTime() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    long start = System.nanoTime();
    Launcher.Result run = capture("down", "--registry", "http://u:s3cret@127.0.0.1:" + closed);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err())
        .contains("no schema registry answers at http://127.0.0.1:" + closed + " (")
        .doesNotContain("replaying", "\tat ", "s3cret");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    assertThat(topics()).doesNotContain("down");
  }

  @Test
  void loginIsSentAndNeverShown() throws Exception {
    Path report = directory.resolve("report.json");
    try (RegistryFront front = new RegistryFront(registry.url(), "agent:s3cret word", null)) {
      // in a file, and so not in the list of processes
      Path arguments = directory.resolve("registry.url");
      Files.writeString(arguments, front.url("agent:s3cret%20word"));
      Launcher.Result run =
          capture("login", "--registry", "@" + arguments, "--report", report.toString());
      assertThat(run.status()).as(run.err()).isZero();
      assertThat(run.err()).contains(" of subject login-value at " + front.url(null));
      assertThat(run.out() + run.err() + Files.readString(report)).doesNotContain("s3cret");
      JsonNode fields = JSON.readTree(report.toFile());
      assertThat(fields.get("schemaSubject").asText()).isEqualTo("login-value");
      assertThat(fields.get("schemaId").asInt()).isEqualTo(idOf("login-value"));

      for (String wrong : new String[] {"agent:s3cret", null}) {
        Launcher.Result refused = capture("login", "--registry", front.url(wrong));
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err())
            .contains("is refused without a valid login (HTTP 401); put USER:PASSWORD@")
            .doesNotContain("s3cret", "\tat ");
      }
    }
  }

  @Test
  void tlsIsTheJvms() throws Exception {
    Path keys = directory.resolve("keys.p12");
    TestNetwork.run(
        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=registry",
        "-ext",
        "SAN=IP:127.0.0.1",
        "-storepass",
        "changeit",
        "-keystore",
        keys.toString());
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, "changeit".toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, "changeit".toCharArray());
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    try (RegistryFront front = new RegistryFront(registry.url(), null, tls)) {
      Launcher.Result stranger = capture("tls", "--registry", front.url(null));
      assertThat(stranger.status()).isEqualTo(1);
      assertThat(stranger.err())
          .contains("no schema registry answers at " + front.url(null), "certif")
          .doesNotContain("\tat ");
      Map<String, String> trusting =
          Map.of(
              "JDK_JAVA_OPTIONS",
              "-Djavax.net.ssl.trustStore="
                  + keys
                  + " -Djavax.net.ssl.trustStorePassword=changeit");
      Launcher.Result run = capture(trusting, "tls", "--registry", front.url(null));
      assertThat(run.status()).as(run.err()).isZero();
    }
  }

  /** A topic with all that there can be: both formats, an earlier schema, and no packets. */
  @Test
  void dumpReadsBothFormatsAndEarlierSchemas() throws Exception {
    assertThat(capture("mixed", "-c", "300").status()).isZero();
    assertThat(capture("mixed", "-c", "200", "--registry", registry.url()).status()).isZero();
    String[] dump = {
      "dump", "-b", broker.bootstrapServers(), "-t", "mixed", "--from-beginning", "-e"
    };
    Launcher.Result assumed = ringtap(Map.of(), dump);
    assertThat(assumed.status()).as(assumed.err()).isZero();
    assertThat(assumed.out().lines()).hasSize(500);
    assertThat(assumed.err().lines().filter(line -> line.startsWith("ringtap: ")))
        .containsExactly(
            "ringtap: records of schema "
                + idOf("mixed-value")
                + " of a registry: read as this version's schema; --registry URL asks for theirs");

    Schema first = earlier();
    int firstId = register("first-value", first);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (byte[] value : values("mixed").subList(0, 100)) {
        Packet packet = Packet.getDecoder().decode(value);
        producer.send(new ProducerRecord<>("mixed", framed(first, firstId, packet)));
      }
    }
    String[] asking = {
      "dump",
      "-b",
      broker.bootstrapServers(),
      "-t",
      "mixed",
      "--from-beginning",
      "-e",
      "--registry",
      registry.url()
    };
    Launcher.Result resolved = ringtap(Map.of(), asking);
    assertThat(resolved.status()).as(resolved.err()).isZero();
    assertThat(resolved.err()).isEmpty();
    List<String> lines = resolved.out().lines().toList();
    assertThat(lines).hasSize(600);
    // the same frames: 100 of them three times, 100 twice, and 100 once
    assertThat(new HashSet<>(lines)).isEqualTo(new HashSet<>(assumed.out().lines().toList()));

    Launcher.Result unresolved = ringtap(Map.of(), dump);
    assertThat(unresolved.status()).isEqualTo(1);
    assertThat(unresolved.out().lines()).hasSize(500);
    assertThat(unresolved.err())
        .contains(
            "a record of schema " + firstId + " is no packet: ",
            "--registry URL reads other versions of the schema",
            "100 records of topic mixed were no packets")
        .doesNotContain("\tat ");

    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings(), new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>("mixed", ByteBuffer.allocate(9).putInt(1, 9999).array()));
      producer.send(new ProducerRecord<>("mixed", new byte[0]));
      producer.send(new ProducerRecord<>("mixed", hugeName(idOf("mixed-value"))));
    }
    Launcher.Result strange = ringtap(Map.of(), asking);
    assertThat(strange.status()).isEqualTo(1);
    assertThat(strange.out().lines()).hasSize(600);
    assertThat(strange.err())
        .contains(
            "schema 9999 is not there",
            "is it the registry that the topic was written with?",
            "a record of schema " + idOf("mixed-value") + " is no packet: ",
            " bytes expected, ",
            "3 records of topic mixed were no packets");
  }

  /** Packed and not, numbered and not, in one topic: all read as the same frames. */
  @Test
  void dumpReadsPackedRecordsToo() throws Exception {
    String[][] ways = {
      {},
      {"--frames-per-record", "auto"},
      {"--frames-per-record", "7", "--registry", registry.url()},
    };
    for (String[] way : ways) {
      Launcher.Result run = capture("packed", way);
      assertThat(run.status()).as(run.err()).isZero();
    }
    assertThat(values("packed").size()).isBetween(FRAMES + FRAMES / 7, 2 * FRAMES);
    String[] dump = {"dump", "-b", broker.bootstrapServers(), "-t", "packed", "--from-beginning"};
    Launcher.Result assumed = ringtap(Map.of(), with(dump, "-e"));
    assertThat(assumed.status()).as(assumed.err()).isZero();
    Map<String, Integer> times = new HashMap<>();
    assumed.out().lines().forEach(line -> times.merge(line, 1, Integer::sum));
    assertThat(times.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(3 * FRAMES);
    assertThat(times.values()).allMatch(count -> count % 3 == 0);

    Launcher.Result resolved = ringtap(Map.of(), with(dump, "-e", "--registry", registry.url()));
    assertThat(resolved.err()).isEmpty();
    assertThat(resolved.out()).isEqualTo(assumed.out());

    int count = 2 * FRAMES + 1;
    Path written = directory.resolve("packed.pcapng");
    String[] some = with(dump, "-c", Integer.toString(count), "-w", written.toString());
    assertThat(ringtap(Map.of(), some).status()).isZero();
    int read = 0;
    try (CaptureFile packets = CaptureFile.open(written)) {
      while (!packets.isEnded()) {
        try (Block block = packets.poll(1000)) {
          read += block == null ? 0 : block.frameCount();
        }
      }
    }
    assertThat(read).as("packets, not records, are counted").isEqualTo(count);
  }

  private static String[] with(String[] first, String... second) {
    return Stream.of(first, second).flatMap(Stream::of).toArray(String[]::new);
  }

  /** Says that its interface's name has almost 2 GiB. */
  private static byte[] hugeName(int id) {
    ByteBuffer value = ByteBuffer.allocate(60).put((byte) 0).putInt(id).put((byte) 2);
    return value.put(new byte[] {(byte) 0xE0, -1, -1, -1, 0x0F}).array();
  }

  private static byte[] framed(Schema schema, int id, Packet packet) throws IOException {
    byte[] whole = new byte[packet.toByteBuffer().remaining()];
    packet.toByteBuffer().get(whole);
    GenericRecord record =
        new GenericDatumReader<GenericRecord>(PacketSchema.published(), schema)
            .read(null, DecoderFactory.get().binaryDecoder(whole, 10, whole.length - 10, null));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(ByteBuffer.allocate(5).putInt(1, id).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }
}
