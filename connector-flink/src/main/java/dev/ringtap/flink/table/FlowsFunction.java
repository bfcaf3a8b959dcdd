package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.flink.flow.CaptureLosses;
import dev.ringtap.flink.flow.CaptureNews;
import dev.ringtap.flink.flow.FlowPacket;
import dev.ringtap.flink.flow.FlowTime;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowFrame;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.StoredFlows;
import dev.ringtap.record.FlowFields;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.StaticArgumentTrait;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.table.types.inference.TypeStrategies;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Row;
import org.jspecify.annotations.Nullable;

/**
 * {@code flows(input => TABLE packets PARTITION BY …, on_time => DESCRIPTOR(…))}: the flows of each
 * partition, as the agent makes them. Rows are counted as they come.
 */
public final class FlowsFunction extends ProcessTableFunction<RowData> {
  private static final long serialVersionUID = 1;

  private static final String INPUT = "input";
  private static final String TIMER = "due";

  /** After all rows, in ms. */
  private static final long END = Long.MAX_VALUE - 1;

  private static final FlowColumn[] COLUMNS = FlowColumn.values();
  private static final LogicalType[] TYPES =
      Arrays.stream(COLUMNS)
          .map(each -> each.dataType().getLogicalType())
          .toArray(LogicalType[]::new);

  private transient @Nullable RowPackets packets;
  private transient FlowFrame frame;
  private transient @Nullable StoredFlows flows;

  @SuppressWarnings("NullAway.Init") // of the call at hand: begin() sets it first
  private transient MapView<String, CaptureLosses> captures;

  /** What is kept of a partition beside its flows. For Flink. */
  public static final class Due {
    /** When the first flow times out, in ms; null if there is none. */
    public @Nullable Long millis;

    /** The time-outs in ms, which a timer is not given. */
    public @Nullable Long idleMillis;

    public @Nullable Long activeMillis;
  }

  /** For Flink. */
  public FlowsFunction() {}

  @Override
  public TypeInference getTypeInference(DataTypeFactory factory) {
    DataType text = DataTypes.STRING();
    DataType bytes = DataTypes.BYTES();
    DataType seconds = DataTypes.INTERVAL(DataTypes.SECOND(3));
    LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
    state.put("flows", state(MapView.newMapViewDataType(text, bytes)));
    state.put("datagrams", state(MapView.newMapViewDataType(text, bytes)));
    state.put(
        "captures",
        state(MapView.newMapViewDataType(text, factory.createDataType(CaptureLosses.class))));
    state.put("due", state(factory.createDataType(Due.class)));
    return TypeInference.newBuilder()
        .staticArguments(
            StaticArgument.table(
                INPUT,
                Row.class,
                false,
                EnumSet.of(
                    StaticArgumentTrait.SET_SEMANTIC_TABLE, StaticArgumentTrait.REQUIRE_ON_TIME)),
            StaticArgument.scalar("idle", seconds, true),
            StaticArgument.scalar("active", seconds, true))
        .stateTypeStrategies(state)
        .outputTypeStrategy(
            call -> {
              call.getTableSemantics(0).ifPresent(table -> packets(table.dataType()));
              return Optional.of(output());
            })
        .build();
  }

  private static StateTypeStrategy state(DataType type) {
    return StateTypeStrategy.of(TypeStrategies.explicit(type));
  }

  private static DataType output() {
    return DataTypes.ROW(
            Arrays.stream(COLUMNS)
                .map(each -> DataTypes.FIELD(each.columnName(), each.dataType()))
                .toArray(DataTypes.Field[]::new))
        .bridgedTo(RowData.class);
  }

  /** Other columns than those of packets do not matter. */
  private static RowPackets packets(DataType table) {
    List<@Nullable PacketColumn> columns = new ArrayList<>();
    List<LogicalType> types = new ArrayList<>();
    for (RowType.RowField field : ((RowType) table.getLogicalType()).getFields()) {
      boolean isPackets =
          Arrays.stream(PacketColumn.values())
              .anyMatch(each -> each.columnName().equals(field.getName()));
      columns.add(isPackets ? PacketColumn.of(field.getName(), field.getType()) : null);
      types.add(field.getType());
    }
    return new RowPackets(columns, types);
  }

  @Override
  public void open(FunctionContext context) {
    frame = new FlowFrame();
  }

  /** Counts a row. For Flink. */
  public void eval(
      Context context,
      MapView<String, byte[]> openFlows,
      MapView<String, byte[]> datagrams,
      MapView<String, CaptureLosses> ofCaptures,
      Due due,
      Row input,
      @Nullable Duration idle,
      @Nullable Duration active)
      throws Exception {
    if (packets == null) {
      packets = packets(context.tableSemanticsFor(INPUT).dataType());
    }
    if (due.idleMillis == null) {
      due.idleMillis = (idle == null ? FlowLimits.DEFAULT.idle() : idle).toMillis();
      due.activeMillis = (active == null ? FlowLimits.DEFAULT.active() : active).toMillis();
    }
    StoredFlows counted = begin(ofCaptures, due);
    TimeContext<Long> time = context.timeContext(Long.class);
    Packet packet = packets.packet(internal(input));
    learn(packet, time.currentWatermark(), due.millis);
    if (!FlowPacket.read(frame, packet).isIp()) {
      return;
    }
    long next =
        FlowTime.millis(counted.count(frame, packet.getSequence(), stores(openFlows, datagrams)));
    if (due.millis == null || next < due.millis) {
      due.millis = next;
      time.registerOnTime(TIMER, next);
    }
  }

  /** Ends flows. For Flink. */
  public void onTimer(
      OnTimerContext context,
      MapView<String, byte[]> openFlows,
      MapView<String, byte[]> datagrams,
      MapView<String, CaptureLosses> ofCaptures,
      Due due)
      throws Exception {
    StoredFlows ending = begin(ofCaptures, due);
    TimeContext<Long> time = context.timeContext(Long.class);
    long watermark = time.currentWatermark();
    StoredFlows.Stores stores = stores(openFlows, datagrams);
    if (watermark == Long.MAX_VALUE) {
      if (time.time() < END) {
        // rows that ORDER BY keeps back come before that
        time.registerOnTime(TIMER, END);
      } else {
        ending.endAll(stores);
        due.millis = null;
      }
      return;
    }
    long next = FlowTime.millis(ending.advance(FlowTime.lastNanos(watermark), stores));
    due.millis = next == Long.MAX_VALUE ? null : (Long) next;
    if (due.millis != null) {
      time.registerOnTime(TIMER, FlowTime.timer(next, watermark));
    }
  }

  /** The planner (2.3) gives functions that are not its own no {@link RowData}. */
  private static RowData internal(Row row) {
    GenericRowData data = new GenericRowData(row.getArity());
    for (int i = 0; i < row.getArity(); i++) {
      Object value = row.getField(i);
      data.setField(
          i,
          value instanceof Instant time
              ? TimestampData.fromInstant(time)
              : value instanceof String text ? StringData.fromString(text) : value);
    }
    return data;
  }

  private StoredFlows begin(MapView<String, CaptureLosses> ofCaptures, Due due) {
    captures = ofCaptures;
    if (flows == null) {
      FlowLimits limits = new FlowLimits(1, time(due.idleMillis), time(due.activeMillis));
      flows = new StoredFlows(limits, this::known, this::export);
    }
    return flows;
  }

  private static Duration time(@Nullable Long millis) {
    return Duration.ofMillis(Objects.requireNonNull(millis, "eval() comes before onTimer()"));
  }

  private void learn(Packet packet, @Nullable Long watermark, @Nullable Long dueMillis)
      throws Exception {
    CaptureId capture = PacketFields.capture(packet);
    CaptureLosses known = known(capture);
    long nanos = PacketFields.timestampNanos(packet);
    String name = CaptureNews.capture(capture);
    long previous = known == CaptureLosses.UNKNOWN ? nanos : known.lastNanos();
    CaptureNews news =
        new CaptureNews(name, packet.getSequence(), previous, nanos, packet.getLostBefore());
    long settled = watermark == null ? -1 : FlowTime.lastNanos(watermark);
    if (dueMillis != null) {
      settled = Math.min(settled, FlowTime.lastNanos(dueMillis - 1));
    }
    captures.put(name, known.with(news, settled));
  }

  private CaptureLosses known(CaptureId capture) {
    try {
      CaptureLosses known = captures.get(CaptureNews.capture(capture));
      return known == null ? CaptureLosses.UNKNOWN : known;
    } catch (Exception e) {
      throw new IllegalStateException("cannot read the losses of " + capture, e);
    }
  }

  private void export(Biflow flow) {
    collect(FlowRows.row(FlowFields.flow(flow), COLUMNS, TYPES));
  }

  private static StoredFlows.Stores stores(
      MapView<String, byte[]> flows, MapView<String, byte[]> datagrams) {
    return new StoredFlows.Stores(new ViewStore(flows), new ViewStore(datagrams));
  }

  /** Flows in a view of Flink's state. */
  private record ViewStore(MapView<String, byte[]> view) implements StoredFlows.Store {
    @Override
    public byte @Nullable [] get(String name) throws Exception {
      return view.get(name);
    }

    @Override
    public void put(String name, byte[] bytes) throws Exception {
      view.put(name, bytes);
    }

    @Override
    public void remove(String name) throws Exception {
      view.remove(name);
    }

    @Override
    public Iterable<Map.Entry<String, byte[]>> entries() throws Exception {
      return view.entries();
    }
  }
}
