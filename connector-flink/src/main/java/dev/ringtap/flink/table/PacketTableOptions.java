package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.flink.source.PacketSourceBuilder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/**
 * The options of {@code 'connector' = 'ringtap'}: those of a capture, made from {@link
 * CaptureOption}'s table, and the connector's own.
 */
public final class PacketTableOptions {
  /** What a table of packets is called. */
  public static final String IDENTIFIER = "ringtap";

  private static final String HOST_NAME_DESCRIPTION =
      "Sets the column host. Default: the TaskManager's host; with path, the host named in the file,"
          + " otherwise the empty string.";

  /** Files to read. */
  public static final ConfigOption<List<String>> PATH =
      ConfigOptions.key("path")
          .stringType()
          .asList()
          .noDefaultValue()
          .withDescription(
              "Reads these capture files or directories instead of an interface, separated by"
                  + " semicolons: pcap or pcapng, also compressed by gzip or zstd.");

  /** Whether files may grow. */
  public static final ConfigOption<Boolean> FOLLOW =
      ConfigOptions.key("follow")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Waits for more frames at the end of the files, which other processes still write.");

  /** How often directories are listed. */
  public static final ConfigOption<Duration> DISCOVERY_INTERVAL =
      ConfigOptions.key("discovery-interval")
          .durationType()
          .noDefaultValue()
          .withDescription(
              "Lists the directories of path at this interval and reads new files that have not changed"
                  + " for as long. Makes the table unbounded. Default: lists them once.");

  /** Size of a split. */
  public static final ConfigOption<MemorySize> SPLIT_SIZE =
      ConfigOptions.key("split-size")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(64))
          .withDescription("Splits files into parts of at least this size for parallel readers.");

  /** tcpdump's expression. */
  public static final ConfigOption<String> FILTER =
      ConfigOptions.key("filter")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Reads the frames that match this pcap-filter(7) expression, which libpcap compiles on"
                  + " the reader's host. Predicates of queries do not need libpcap.");

  /** Frames of each reader. */
  public static final ConfigOption<Long> LIMIT =
      ConfigOptions.key("limit")
          .longType()
          .noDefaultValue()
          .withDescription(
              "Ends each reader's capture, or part of a file, after this many frames.");

  /** Time to capture. */
  public static final ConfigOption<Duration> DURATION =
      ConfigOptions.key("duration")
          .durationType()
          .noDefaultValue()
          .withDescription("Ends live captures after this time. Makes the table bounded.");

  /** Readers of an interface. */
  public static final ConfigOption<Integer> FANOUT_MEMBERS =
      ConfigOptions.key("fanout-members")
          .intType()
          .noDefaultValue()
          .withDescription(
              "Shares a host's interface among this many of its readers. Default: all.");

  /** Whether a host may lose its reader. */
  public static final ConfigOption<Boolean> FAIL_ON_LOST_HOST =
      ConfigOptions.key("fail-on-lost-host")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Fails the job if a captured host has no reader for host-timeout. By default, logs a"
                  + " warning and sets the gauge uncapturedHosts.");

  /** Time that a host may be without a reader. */
  public static final ConfigOption<Duration> HOST_TIMEOUT =
      ConfigOptions.key("host-timeout")
          .durationType()
          .defaultValue(Duration.ofMillis(PacketSourceBuilder.DEFAULT_HOST_TIMEOUT_MILLIS))
          .withDescription("Waits this long for a reader on a lost host.");

  /** Whether the kernel does the query's work. */
  public static final ConfigOption<Boolean> PUSH_DOWN =
      ConfigOptions.key("push-down")
          .booleanType()
          .defaultValue(true)
          .withDescription(
              "Pushes predicates, limit and snap length of a query down to the kernel.");

  /** The connector's own, in the order of the documentation. */
  static final List<ConfigOption<?>> OWN =
      List.of(
          PATH,
          FOLLOW,
          DISCOVERY_INTERVAL,
          SPLIT_SIZE,
          FILTER,
          LIMIT,
          DURATION,
          FANOUT_MEMBERS,
          FAIL_ON_LOST_HOST,
          HOST_TIMEOUT,
          PUSH_DOWN);

  private static final Map<CaptureOption<?>, ConfigOption<?>> CAPTURE = new LinkedHashMap<>();

  static {
    CaptureOption.ALL.forEach(option -> CAPTURE.put(option, of(option)));
  }

  private PacketTableOptions() {}

  /** The options of a capture, in their order. */
  static Map<CaptureOption<?>, ConfigOption<?>> capture() {
    return CAPTURE;
  }

  private static ConfigOption<?> of(CaptureOption<?> option) {
    ConfigOptions.OptionBuilder key = ConfigOptions.key(option.name());
    ConfigOption<?> typed;
    if (option.type() == Integer.class) {
      typed = key.intType().defaultValue((Integer) option.defaultValue());
    } else if (option.type() == Boolean.class) {
      typed = key.booleanType().defaultValue((Boolean) option.defaultValue());
    } else if (option.defaultValue() == null) {
      typed = key.stringType().noDefaultValue();
    } else {
      typed = key.stringType().defaultValue(CaptureOption.textOf(option.defaultValue()));
    }
    return typed.withDescription(
        option == CaptureOption.HOST_NAME ? HOST_NAME_DESCRIPTION : option.description());
  }

  /**
   * The capture that a table's options describe; the interface must be among them.
   *
   * @throws IllegalArgumentException if one is outside its limits
   */
  static CaptureConfig.Builder toConfig(ReadableConfig options) {
    CaptureConfig.Builder config =
        CaptureConfig.on((String) options.get(CAPTURE.get(CaptureOption.INTERFACE)));
    CAPTURE.forEach((option, made) -> set(config, option, options.get(made)));
    return config;
  }

  private static <T> void set(CaptureConfig.Builder config, CaptureOption<T> option, Object value) {
    if (value != null) {
      config.set(option, option.parse(String.valueOf(value)));
    }
  }
}
