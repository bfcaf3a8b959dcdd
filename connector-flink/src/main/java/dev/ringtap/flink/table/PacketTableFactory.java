package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;

/** Makes tables of packets: {@code 'connector' = 'ringtap'}. */
public final class PacketTableFactory implements DynamicTableSourceFactory {
  /** For Flink. */
  public PacketTableFactory() {}

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
    Set<ConfigOption<?>> all = new HashSet<>(PacketTableOptions.OWN);
    all.addAll(PacketTableOptions.capture().values());
    all.add(FactoryUtil.SOURCE_PARALLELISM);
    return all;
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    ReadableConfig options = helper.getOptions();
    RowType row = (RowType) context.getPhysicalRowDataType().getLogicalType();
    List<PacketColumn> columns = PacketFormatFactory.columns(row);
    Object interfaceName = options.get(PacketTableOptions.capture().get(CaptureOption.INTERFACE));
    List<String> paths = options.getOptional(PacketTableOptions.PATH).orElse(List.of());
    if (interfaceName == null == paths.isEmpty()) {
      throw new ValidationException(
          "a table of packets needs either 'interface' or 'path', and not both");
    }
    CaptureConfig capture = null;
    if (interfaceName != null) {
      try {
        capture = PacketTableOptions.toConfig(options).build();
      } catch (IllegalArgumentException e) {
        throw new ValidationException(e.getMessage(), e);
      }
    }
    return new PacketTableSource(
        new PacketTableScan(
            capture,
            paths,
            columns,
            options,
            options.getOptional(FactoryUtil.SOURCE_PARALLELISM).orElse(null)),
        context.getPhysicalRowDataType());
  }
}
