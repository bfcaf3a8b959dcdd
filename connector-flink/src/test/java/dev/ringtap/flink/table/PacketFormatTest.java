package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.flink.source.BadValuesCounter;
import dev.ringtap.record.BadValueException;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketBatchEncoder;
import dev.ringtap.record.PacketEncoder;
import dev.ringtap.record.PacketSchema;
import dev.ringtap.record.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.runtime.connector.sink.SinkRuntimeProviderContext;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a topic are those of the frames that its values were made of, and back. */
@Timeout(60)
class PacketFormatTest {
  private static final long NANOS = 1_767_225_601_000_000_042L;

  private final PacketFormatFactory factory = new PacketFormatFactory();
  private final Counter badValues = new SimpleCounter();

  /** Of frames of all kinds: the values as the agent writes them, and the rows of the frames. */
  private final List<byte[]> values = new ArrayList<>();

  private final List<RowData> rows = new ArrayList<>();
  private byte[] batch;

  @BeforeEach
  void encodeFrames() {
    PacketEncoder single = PacketEncoder.singleObject();
    PacketBatchEncoder packed = PacketBatchEncoder.singleObject();
    List<PacketColumn> columns = List.of(PacketColumn.values());
    RowDeserializer deserializer =
        new RowDeserializer(columns, table(columns).getLogicalType().getChildren(), null);
    deserializer.open();
    try (BlockBuilder builder = new BlockBuilder(1 << 20)) {
      builder.start(new CaptureId("node1", "eth0", NANOS / 1000, 2), LinkType.ETHERNET, 262_144);
      int number = 0;
      for (byte[] frame : SampleFrames.all(100)) {
        builder.flags(number % 8);
        // the decoder follows eight tags in a payload: of nine, it sees one less where one was
        // taken off
        int tag =
            number % 3 == 0 && !hasManyTags(frame) ? 0x8100_0000 | 3 << 13 | 100 + number % 5 : 0;
        PacketType type = PacketType.values()[number % 5];
        MemorySegment bytes = MemorySegment.ofArray(frame);
        int more = number % 7 == 0 ? 1000 : 0;
        builder.append(NANOS + number, frame.length + more, type, tag, bytes, 0, frame.length);
        number++;
      }
      try (Block block = builder.build(5, 3)) {
        Frame frame;
        while ((frame = block.next()) != null) {
          values.add(single.encode(frame));
          packed.add(frame);
          rows.add(deserializer.deserialize(frame));
        }
      }
    }
    batch = packed.finish();
  }

  private static boolean hasManyTags(byte[] frame) {
    return frame.length > 44 && frame[12] == (byte) 0x81 && frame[12 + 7 * 4] == (byte) 0x81;
  }

  private static DataType table(List<PacketColumn> columns) {
    return DataTypes.ROW(
        columns.stream()
            .map(each -> DataTypes.FIELD(each.columnName(), each.dataType()))
            .toArray(DataTypes.Field[]::new));
  }

  private DeserializationSchema<RowData> decoder(DataType table, Map<String, String> options)
      throws Exception {
    int fields = table.getChildren().size();
    int[][] all = new int[fields][];
    Arrays.setAll(all, i -> new int[] {i});
    ProjectableDecodingFormat<DeserializationSchema<RowData>> format =
        (ProjectableDecodingFormat<DeserializationSchema<RowData>>)
            factory.createDecodingFormat(null, Configuration.fromMap(options));
    DeserializationSchema<RowData> decoder =
        InstantiationUtil.clone(
            format.createRuntimeDecoder(ScanRuntimeProviderContext.INSTANCE, table, all));
    decoder.open(new BadValuesCounter(badValues));
    return decoder;
  }

  private static List<RowData> read(DeserializationSchema<RowData> decoder, byte[]... values)
      throws IOException {
    List<RowData> read = new ArrayList<>();
    for (byte[] value : values) {
      decoder.deserialize(value, new ListCollector<>(read));
    }
    return read;
  }

  @Test
  void aTopicHasTheRowsOfTheRingPackedAndNot() throws Exception {
    DeserializationSchema<RowData> decoder =
        decoder(table(List.of(PacketColumn.values())), Map.of());
    assertThat(rows).hasSizeGreaterThan(200);
    assertThat(read(decoder, values.toArray(byte[][]::new))).isEqualTo(rows);
    assertThat(read(decoder, batch)).isEqualTo(rows);
    assertThat(decoder.deserialize(values.get(0))).isEqualTo(rows.get(0));
    assertThat(read(decoder, new byte[][] {null})).isEmpty();
  }

  /** Any columns in any order; without the payload, headers are still decoded. */
  @Test
  void aQueryReadsTheColumnsThatItNeeds() throws Exception {
    List<PacketColumn> some =
        List.of(PacketColumn.DST_PORT, PacketColumn.VLAN_INNER_ID, PacketColumn.IP_SRC);
    List<RowData> read = read(decoder(table(some), Map.of()), batch);
    assertThat(read).hasSameSizeAs(rows);
    for (int i = 0; i < read.size(); i++) {
      for (int field = 0; field < some.size(); field++) {
        RowData.FieldGetter asked =
            RowData.createFieldGetter(some.get(field).dataType().getLogicalType(), field);
        RowData.FieldGetter whole =
            RowData.createFieldGetter(
                some.get(field).dataType().getLogicalType(), some.get(field).ordinal());
        assertThat(asked.getFieldOrNull(read.get(i))).isEqualTo(whole.getFieldOrNull(rows.get(i)));
      }
    }
  }

  @Test
  void aBadValueFailsTheJobOrIsCounted() throws Exception {
    DataType table = table(List.of(PacketColumn.PAYLOAD));
    byte[] bad = Arrays.copyOf(values.get(0), values.get(0).length - 1);
    assertThatThrownBy(() -> read(decoder(table, Map.of()), bad))
        .isInstanceOf(BadValueException.class);
    DeserializationSchema<RowData> tolerant = decoder(table, Map.of("ignore-errors", "true"));
    assertThat(read(tolerant, values.get(0), bad, new byte[] {1}, values.get(1))).hasSize(2);
    assertThat(badValues.getCount()).isEqualTo(2);
  }

  private static DynamicTableFactory.Context context(Map<String, String> options) {
    ResolvedSchema columns = ResolvedSchema.of();
    CatalogTable table =
        CatalogTable.newBuilder()
            .schema(org.apache.flink.table.api.Schema.newBuilder().build())
            .options(options)
            .build();
    return new FactoryUtil.DefaultDynamicTableContext(
        ObjectIdentifier.of("c", "d", "t"),
        new ResolvedCatalogTable(table, columns),
        Map.of(),
        new Configuration(),
        PacketFormatTest.class.getClassLoader(),
        false);
  }

  private SerializationSchema<RowData> encoder(DataType table) throws Exception {
    return encoder(table, Map.of(), Map.of());
  }

  private SerializationSchema<RowData> encoder(
      DataType table, Map<String, String> options, Map<String, String> tableOptions)
      throws Exception {
    SerializationSchema<RowData> encoder =
        InstantiationUtil.clone(
            factory
                .createEncodingFormat(context(tableOptions), Configuration.fromMap(options))
                .createRuntimeEncoder(new SinkRuntimeProviderContext(false), table));
    encoder.open(null);
    return encoder;
  }

  @Test
  void rowsOfALiveTableGiveTheBytesOfTheAgent() throws Exception {
    SerializationSchema<RowData> encoder = encoder(table(List.of(PacketColumn.values())));
    for (int i = 0; i < rows.size(); i++) {
      assertThat(encoder.serialize(rows.get(i))).as("frame " + i).isEqualTo(values.get(i));
    }
  }

  /** The tag is found in the payload, the flags in columns of their own. */
  @Test
  void columnsThatSayTheSameTwiceMayBeLeftOut() throws Exception {
    List<PacketColumn> some = new ArrayList<>(List.of(PacketColumn.values()));
    some.removeIf(
        each ->
            each.source() == PacketColumn.Source.TAG
                || each.source() == PacketColumn.Source.HEADERS
                || each == PacketColumn.FLAGS);
    List<RowData> projected = read(decoder(table(some), Map.of()), batch);
    SerializationSchema<RowData> encoder = encoder(table(some));
    for (int i = 0; i < projected.size(); i++) {
      assertThat(encoder.serialize(projected.get(i))).as("frame " + i).isEqualTo(values.get(i));
    }
  }

  private static byte[] registered(int id, byte[] singleObject) {
    return ByteBuffer.allocate(singleObject.length - 5)
        .put(WireFormat.registryHeader(id))
        .put(singleObject, 10, singleObject.length - 10)
        .array();
  }

  /** A version with a field that this one does not have, and a packet of it. */
  private static Schema otherVersion() {
    Schema present = Packet.getClassSchema();
    List<Schema.Field> fields = new ArrayList<>();
    fields.add(new Schema.Field("note", Schema.create(Schema.Type.STRING)));
    present.getFields().forEach(each -> fields.add(new Schema.Field(each, each.schema())));
    return Schema.createRecord("Packet", null, "dev.ringtap.record", false, fields);
  }

  private byte[] ofOtherVersion(byte[] singleObject) {
    byte[] note = {2, 'x'};
    return ByteBuffer.allocate(singleObject.length + note.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(singleObject, 0, 2)
        .putLong(SchemaNormalization.parsingFingerprint64(otherVersion()))
        .put(note)
        .put(singleObject, 10, singleObject.length - 10)
        .array();
  }

  @Test
  void valuesOfARegistryAndOfOtherVersionsMayBeMixed(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("Packet-0.avsc");
    Files.writeString(file, otherVersion().toString());
    byte[] other = ofOtherVersion(values.get(2));
    try (StubRegistry registry =
        new StubRegistry(
            PacketSchema.published(),
            PacketSchema.publishedBatch(),
            otherVersion(),
            Schema.create(Schema.Type.STRING))) {
      Map<String, String> options = Map.of("registry", registry.url(), "schemas", file.toString());
      DeserializationSchema<RowData> decoder =
          decoder(table(List.of(PacketColumn.values())), options);
      List<RowData> expected = new ArrayList<>(rows.subList(0, 4));
      expected.addAll(rows);
      assertThat(
              read(
                  decoder,
                  values.get(0),
                  registered(1, values.get(1)),
                  other,
                  registered(3, ofOtherVersion(values.get(3))),
                  registered(2, batch)))
          .isEqualTo(expected);
      assertThatThrownBy(() -> read(decoder, registered(5, values.get(0))))
          .isInstanceOf(BadValueException.class)
          .hasMessageContaining("schema 5, which the registry does not have");
      assertThatThrownBy(() -> read(decoder, registered(4, values.get(0))))
          .isInstanceOf(BadValueException.class);
    }
    DeserializationSchema<RowData> alone = decoder(table(List.of(PacketColumn.values())), Map.of());
    assertThatThrownBy(() -> read(alone, other))
        .isInstanceOf(BadValueException.class)
        .hasMessageContaining("ringtap.schemas");
    assertThatThrownBy(() -> read(alone, registered(1, values.get(0))))
        .isInstanceOf(BadValueException.class)
        .hasMessageContaining("ringtap.registry");
  }

  /** Both of a version: the schema of a batch names types of the other. */
  @Test
  void schemasAreReadInTheirOrder(@TempDir Path directory) throws Exception {
    List<String> files = new ArrayList<>();
    for (String name : List.of("Packet.avsc", "PacketBatch.avsc")) {
      Path file = directory.resolve(name);
      try (InputStream text = PacketSchema.class.getResourceAsStream(name)) {
        Files.copy(text, file);
      }
      files.add(file.toString());
    }
    files.addAll(List.copyOf(files));
    DataType table = table(List.of(PacketColumn.PAYLOAD));
    assertThat(decoder(table, Map.of("schemas", String.join(";", files)))).isNotNull();
    assertThatThrownBy(() -> decoder(table, Map.of("schemas", directory + "/none.avsc")))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("ringtap.schemas: cannot read " + directory + "/none.avsc");
    assertThatThrownBy(() -> decoder(table, Map.of("registry", "ftp://host")))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("ringtap.registry: 'ftp://host'");
  }

  @Test
  void rowsAreWrittenInARegistrysFormat() throws Exception {
    try (StubRegistry registry = new StubRegistry()) {
      String url = registry.url();
      DataType table = table(List.of(PacketColumn.values()));
      SerializationSchema<RowData> encoder =
          encoder(table, Map.of("registry", url), Map.of("topic", "packets"));
      assertThat(encoder.serialize(rows.get(0))).isEqualTo(registered(1, values.get(0)));
      assertThat(
              encoder(
                      table,
                      Map.of("registry", url, "subject", "packets-value"),
                      Map.of("topic", "a;b"))
                  .serialize(rows.get(1)))
          .isEqualTo(registered(1, values.get(1)));
      assertThatThrownBy(
              () -> encoder(table, Map.of("registry", url), Map.of("topic-pattern", "p.*")))
          .isInstanceOf(ValidationException.class)
          .hasMessageContaining("set ringtap.subject");
    }
  }

  @Test
  void wrongColumnsAreNamed() {
    assertThatThrownBy(() -> encoder(table(List.of(PacketColumn.TIMESTAMP))))
        .isInstanceOf(ValidationException.class)
        .hasMessage("a record is not made without the column `payload`; add it");
    assertThatThrownBy(
            () -> decoder(DataTypes.ROW(DataTypes.FIELD("port", DataTypes.INT())), Map.of()))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("a table of packets has no column 'port'; there are: `timestamp`");
  }
}
