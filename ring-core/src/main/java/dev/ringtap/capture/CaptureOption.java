package dev.ringtap.capture;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The one table of capture options. Command lines, connector configurations and documentation are
 * made from it. A whole number has limits, a switch is true or false, a choice has a few values.
 *
 * @param <T> Integer, Boolean, String, or an enum for a choice
 */
public final class CaptureOption<T extends @Nullable Object> {
  /** The longest frame that any option lets through; tcpdump's limit. */
  public static final int MAX_SNAP_LENGTH_BYTES = 262_144;

  /** The interface to capture on. */
  public static final CaptureOption<String> INTERFACE =
      new CaptureOption<>(
          "interface",
          String.class,
          null,
          0,
          0,
          "name",
          "Captures on this interface; any captures on all interfaces.");

  /** Where the interface is. */
  public static final CaptureOption<@Nullable String> NETWORK_NAMESPACE =
      text(
          "network-namespace",
          "name or path",
          "Captures in another network namespace, such as a container's, by its ip-netns(8) name or"
              + " a path such as /proc/PID/ns/net. Requires CAP_SYS_ADMIN.");

  /** Most bytes kept of a frame. */
  public static final CaptureOption<Integer> SNAP_LENGTH_BYTES =
      number(
          "snap-length",
          MAX_SNAP_LENGTH_BYTES,
          0,
          MAX_SNAP_LENGTH_BYTES,
          "bytes",
          "Truncates frames to this length in the kernel. 0 keeps them whole.");

  /** Whether frames for other hosts are captured. */
  public static final CaptureOption<Boolean> PROMISCUOUS =
      toggle("promiscuous", true, "Captures in promiscuous mode: frames for other hosts, too.");

  /** Which way the frames go. */
  public static final CaptureOption<Direction> DIRECTION =
      choice(
          "direction",
          Direction.INOUT,
          "Captures the frames that this host receives, those that it sends, or both.");

  /** Whose clock the timestamps are. */
  public static final CaptureOption<TimestampType> TIMESTAMP_TYPE =
      choice(
          "timestamp-type",
          TimestampType.HOST,
          "Takes timestamps from the kernel's clock, or from the network card's, which requires"
              + " CAP_NET_ADMIN.");

  /** Size of the ring. */
  public static final CaptureOption<Integer> RING_MIB =
      number(
          "ring-size",
          64,
          2,
          65_536,
          "MiB",
          "Size of each member's ring. A larger ring absorbs longer consumer stalls. If the kernel"
              + " lacks memory, the ring becomes smaller and a warning is logged.");

  /** Size of a block. */
  public static final CaptureOption<Integer> BLOCK_KIB =
      number(
          "block-size", 1024, 512, 4096, "KiB", "Size of one block of the ring, a power of two.");

  /** Longest stay of a frame in a block that does not fill. */
  public static final CaptureOption<Integer> RETIRE_TIMEOUT_MILLIS =
      number(
          "retire-timeout",
          20,
          1,
          10_000,
          "ms",
          "Delivers a block that is not full after this time, the most that the ring delays a"
              + " frame. Kernels before 6.18 round it up to timer ticks of 1 to 10 ms.");

  /** Number of a fanout group. */
  public static final CaptureOption<Integer> FANOUT_GROUP =
      number(
          "fanout-group",
          0,
          0,
          65_535,
          "number",
          "Joins a fanout group: captures with the same number in one network namespace share the"
              + " frames of their interface. 0 joins none, or gives several members a private"
              + " group.");

  /** How a fanout group chooses. */
  public static final CaptureOption<FanoutMode> FANOUT_MODE =
      choice(
          "fanout-mode",
          FanoutMode.HASH,
          "Selects the member for a frame: by flow hash, round robin, CPU, first with room, random,"
              + " receive queue, or a BPF program.");

  /** Whether a full member's frames go to the next one. */
  public static final CaptureOption<Boolean> FANOUT_ROLLOVER =
      toggle(
          "fanout-rollover",
          false,
          "Passes frames to the next member if the selected member's ring is full.");

  /** Whether the kernel puts fragments together before it chooses. */
  public static final CaptureOption<Boolean> FANOUT_DEFRAG =
      toggle(
          "fanout-defrag",
          false,
          "Reassembles IPv4 fragments before selecting a member, so that a flow stays on one member."
              + " The datagram is captured as one frame, not as its fragments.");

  /** The program of a fanout group. */
  public static final CaptureOption<@Nullable String> FANOUT_PROGRAM =
      text(
          "fanout-program",
          "file",
          "Program for fanout-mode cbpf (a file with the output of tcpdump -ddd) or ebpf (a pinned"
              + " path).");

  /** The name of the capturing host. */
  public static final CaptureOption<@Nullable String> HOST_NAME =
      text(
          "host-name",
          "name",
          "Sets the host in records, reports and logs. Default: environment variable"
              + " RINGTAP_HOST_NAME, otherwise the system's host name.");

  /** All options in the order in which documentation lists them. */
  public static final List<CaptureOption<?>> ALL =
      List.of(
          INTERFACE,
          NETWORK_NAMESPACE,
          SNAP_LENGTH_BYTES,
          PROMISCUOUS,
          DIRECTION,
          TIMESTAMP_TYPE,
          RING_MIB,
          BLOCK_KIB,
          RETIRE_TIMEOUT_MILLIS,
          FANOUT_GROUP,
          FANOUT_MODE,
          FANOUT_ROLLOVER,
          FANOUT_DEFRAG,
          FANOUT_PROGRAM,
          HOST_NAME);

  private final String name;
  private final Class<? extends T> type;
  private final @Nullable T defaultValue;
  private final int least;
  private final int most;
  private final String unit;
  private final String description;

  private CaptureOption(
      String name,
      Class<? extends T> type,
      @Nullable T defaultValue,
      int least,
      int most,
      String unit,
      String description) {
    this.name = name;
    this.type = type;
    this.defaultValue = defaultValue;
    this.least = least;
    this.most = most;
    this.unit = unit;
    this.description = description;
  }

  private static CaptureOption<@Nullable String> text(
      String name, String unit, String description) {
    return new CaptureOption<@Nullable String>(name, String.class, null, 0, 0, unit, description);
  }

  private static CaptureOption<Integer> number(
      String name, int defaultValue, int least, int most, String unit, String description) {
    return new CaptureOption<>(name, Integer.class, defaultValue, least, most, unit, description);
  }

  private static CaptureOption<Boolean> toggle(
      String name, boolean defaultValue, String description) {
    return new CaptureOption<>(name, Boolean.class, defaultValue, 0, 0, "true|false", description);
  }

  private static <E extends Enum<E>> CaptureOption<E> choice(
      String name, E defaultValue, String description) {
    Class<E> type = defaultValue.getDeclaringClass();
    String values =
        Arrays.stream(type.getEnumConstants())
            .map(CaptureOption::textOf)
            .collect(Collectors.joining("|"));
    return new CaptureOption<>(name, type, defaultValue, 0, 0, values, description);
  }

  /** The option's name, words joined by hyphens. */
  public String name() {
    return name;
  }

  /** Integer, Boolean, String or an enum. */
  public Class<? extends T> type() {
    return type;
  }

  /** The value where none was set; null where there is none. */
  public @Nullable T defaultValue() {
    return defaultValue;
  }

  /** A value as {@link #parse} reads it. */
  public static String textOf(Object value) {
    return value instanceof Enum<?>
        ? ((Enum<?>) value).name().toLowerCase(Locale.ROOT)
        : String.valueOf(value);
  }

  /** The unit of a number, the values of a choice, or what the value is. */
  public String unit() {
    return unit;
  }

  /** What the option does, in a sentence or two. */
  public String description() {
    return description;
  }

  /** The limits of a whole number in words, otherwise empty. */
  public String limits() {
    return type == Integer.class ? least + " to " + most : "";
  }

  /**
   * The value that a text stands for.
   *
   * @throws IllegalArgumentException with a sentence that names the option, the text and the limits
   */
  public T parse(String text) {
    if (type == Integer.class) {
      try {
        return check(type.cast(Integer.valueOf(text.strip())));
      } catch (NumberFormatException e) {
        throw refused(text);
      }
    }
    if (type == Boolean.class) {
      if (!text.equals("true") && !text.equals("false")) {
        throw refused(text);
      }
      return type.cast(Boolean.valueOf(text));
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .filter(value -> textOf(value).equals(text))
          .findFirst()
          .orElseThrow(() -> refused(text));
    }
    return check(type.cast(text));
  }

  /**
   * Checks a value against the option's limits.
   *
   * @return the value
   * @throws IllegalArgumentException with a sentence that names the option, the value and the
   *     limits
   */
  public T check(T value) {
    boolean bad =
        value instanceof Integer i
            ? i < least || i > most
            : value instanceof String text && text.isEmpty();
    if (bad || this == BLOCK_KIB && Integer.bitCount((Integer) value) != 1) {
      throw refused(value);
    }
    return value;
  }

  private IllegalArgumentException refused(Object value) {
    String wanted =
        type == Integer.class
            ? "a whole number of " + unit + " from " + least + " to " + most
            : type == String.class ? "a " + unit : unit.replace("|", " or ");
    String powerOfTwo = this == BLOCK_KIB ? ", a power of two" : "";
    return new IllegalArgumentException(
        name + " is '" + value + "'; expected " + wanted + powerOfTwo);
  }

  @Override
  public String toString() {
    return name;
  }
}
