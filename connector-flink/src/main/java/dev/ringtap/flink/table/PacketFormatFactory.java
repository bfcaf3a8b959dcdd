package dev.ringtap.flink.table;

import dev.ringtap.flink.source.BadValues;
import dev.ringtap.record.SchemaLookup;
import dev.ringtap.registry.SchemaRegistry;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.jspecify.annotations.Nullable;

/**
 * Reads the packets of a topic, and writes them: {@code 'format' = 'ringtap'}. The columns are
 * those of a table of packets; a value gives a row for each packet that it holds, and a row a value
 * of one packet. With {@code 'ringtap.records' = 'flows'} it reads the flows of a topic.
 */
public final class PacketFormatFactory
    implements DeserializationFormatFactory, SerializationFormatFactory {
  /** What the values are. */
  static final ConfigOption<Records> RECORDS =
      ConfigOptions.key("records")
          .enumType(Records.class)
          .defaultValue(Records.PACKETS)
          .withDescription(
              "Reads a topic of packets, or one of flows (ringtap capture --flows), which have"
                  + " columns of their own.");

  /** Whether values that cannot be read are skipped. */
  static final ConfigOption<Boolean> IGNORE_ERRORS =
      ConfigOptions.key("ignore-errors")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Skips values that hold no records of a known schema, and counts them in the metric"
                  + " ringtap.badValues. By default, such a value fails the job.");

  /** Registry of the values' schemas. */
  static final ConfigOption<String> REGISTRY =
      ConfigOptions.key("registry")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Looks up schema IDs of values in this registry (Confluent's API; Apicurio:"
                  + " /apis/ccompat/v7). INSERT INTO registers the schema there and puts its ID in"
                  + " front of each value. USER:PASSWORD@ before the host logs in.");

  /** Name of the schema in the registry. */
  static final ConfigOption<String> SUBJECT =
      ConfigOptions.key("subject")
          .stringType()
          .noDefaultValue()
          .withDescription(SchemaTarget.SUBJECT_MEANING);

  /** Files with schemas of other versions. */
  static final ConfigOption<List<String>> SCHEMAS =
      ConfigOptions.key("schemas")
          .stringType()
          .asList()
          .noDefaultValue()
          .withDescription(
              "Reads values in single-object encoding of these schemas, too: .avsc files of other"
                  + " versions, separated by semicolons, that of a batch after that of its packets."
                  + " They are read where the statement is planned.");

  /** All, in the order of the documentation. */
  static final List<ConfigOption<?>> OPTIONS =
      List.of(RECORDS, REGISTRY, SUBJECT, SCHEMAS, IGNORE_ERRORS);

  private static final ConfigOption<String> TOPIC =
      ConfigOptions.key("topic").stringType().noDefaultValue();

  /** What a topic's values are. */
  enum Records {
    PACKETS,
    FLOWS;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** For Flink. */
  public PacketFormatFactory() {}

  @Override
  public String factoryIdentifier() {
    return PacketTableOptions.IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.copyOf(OPTIONS);
  }

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    String registry = options.get(REGISTRY);
    return new Decoding(
        options.get(RECORDS),
        registry == null ? null : checked(REGISTRY, () -> SchemaRegistry.lookup(registry)),
        schemas(options.getOptional(SCHEMAS).orElse(List.of())),
        options.get(IGNORE_ERRORS));
  }

  @Override
  public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    if (options.get(RECORDS) == Records.FLOWS) {
      throw new ValidationException(
          "a topic of flows is only read; leave out ringtap.records to write packets");
    }
    return new Encoding(
        options
            .getOptional(REGISTRY)
            .map(url -> target(url, options, context.getCatalogTable().getOptions()))
            .orElse(null));
  }

  private static SchemaTarget target(
      String url, ReadableConfig options, Map<String, String> tableOptions) {
    String topic = tableOptions.get(TOPIC.key());
    String subject = options.get(SUBJECT);
    if (subject == null && (topic == null || topic.contains(";"))) {
      throw new ValidationException(
          "the schema's subject in the registry is missing, and the table has no single topic to"
              + " name it after; set ringtap.subject");
    }
    return checked(
        REGISTRY, () -> SchemaTarget.of(url, subject, Objects.requireNonNullElse(topic, "")));
  }

  private static <T> T checked(ConfigOption<?> option, Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new ValidationException("ringtap." + option.key() + ": " + e.getMessage(), e);
    }
  }

  private static List<Schema> schemas(List<String> files) {
    List<Schema> schemas = new ArrayList<>();
    Schema.Parser parser = new Schema.Parser();
    for (String file : files) {
      try {
        String text = Files.readString(Path.of(file));
        try {
          schemas.add(parser.parse(text));
        } catch (AvroRuntimeException e) {
          // another version of the same names
          parser = new Schema.Parser();
          schemas.add(parser.parse(text));
        }
      } catch (IOException | InvalidPathException | AvroRuntimeException e) {
        throw new ValidationException("ringtap.schemas: cannot read " + file + ": " + e, e);
      }
    }
    return schemas;
  }

  /** Columns of a table whose rows are packets; others are refused by name and type. */
  static List<PacketColumn> columns(RowType row) {
    return columns(row, PacketColumn::of);
  }

  private static <C> List<C> columns(RowType row, BiFunction<String, LogicalType, C> made) {
    return row.getFields().stream()
        .map(field -> made.apply(field.getName(), field.getType()))
        .toList();
  }

  private record Decoding(
      Records records,
      @Nullable SchemaLookup registry,
      List<Schema> schemas,
      boolean skipsBadValues)
      implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
        DynamicTableSource.Context context, DataType physical, int[][] projections) {
      DataType read = Projection.of(projections).project(physical);
      RowType row = (RowType) read.getLogicalType();
      TypeInformation<RowData> type = context.createTypeInformation(read);
      BadValues badValues = new BadValues(skipsBadValues);
      if (records == Records.FLOWS) {
        List<FlowColumn> columns = columns(row, FlowColumn::of);
        return new FlowRows(columns, row.getChildren(), type, registry, schemas, badValues);
      }
      List<PacketColumn> columns = columns(row);
      RowDeserializer rows = new RowDeserializer(columns, row.getChildren(), type);
      return new TopicRows(columns, rows, registry, schemas, badValues);
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }

  private record Encoding(@Nullable SchemaTarget target)
      implements EncodingFormat<SerializationSchema<RowData>> {
    @Override
    public SerializationSchema<RowData> createRuntimeEncoder(
        DynamicTableSink.Context context, DataType consumed) {
      RowType row = (RowType) consumed.getLogicalType();
      return new RowValues(new RowPackets(columns(row), row.getChildren()), target);
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }
}
