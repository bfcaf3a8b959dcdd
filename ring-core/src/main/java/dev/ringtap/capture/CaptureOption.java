package dev.ringtap.capture;

import java.util.List;

/**
 * The one table of capture options. Command lines, connector configurations and documentation are
 * made from it. A whole number has limits; a switch is true or false.
 *
 * @param <T> Integer, Boolean or String
 */
public final class CaptureOption<T> {
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
          "Interface to capture on; any for all of them at once.");

  /** Most bytes kept of a frame. */
  public static final CaptureOption<Integer> SNAP_LENGTH_BYTES =
      new CaptureOption<>(
          "snap-length",
          Integer.class,
          MAX_SNAP_LENGTH_BYTES,
          0,
          MAX_SNAP_LENGTH_BYTES,
          "bytes",
          "Most bytes kept of a frame; the kernel cuts it, which saves space in the ring."
              + " 0 means the most.");

  /** Whether frames for other hosts are captured. */
  public static final CaptureOption<Boolean> PROMISCUOUS =
      new CaptureOption<>(
          "promiscuous",
          Boolean.class,
          true,
          0,
          0,
          "true|false",
          "Promiscuous mode: frames for other hosts are captured too. It ends with the capture.");

  /** Size of the ring. */
  public static final CaptureOption<Integer> RING_MIB =
      new CaptureOption<>(
          "ring-size",
          Integer.class,
          64,
          2,
          65_536,
          "MiB",
          "Kernel memory for the ring. It is how long a slow consumer may pause before frames are"
              + " dropped. When the kernel has less, the ring is made smaller and a warning says so.");

  /** Size of a block. */
  public static final CaptureOption<Integer> BLOCK_KIB =
      new CaptureOption<>(
          "block-size",
          Integer.class,
          1024,
          512,
          4096,
          "KiB",
          "Size of one block of the ring, a power of two.");

  /** Longest stay of a frame in a block that does not fill. */
  public static final CaptureOption<Integer> RETIRE_TIMEOUT_MILLIS =
      new CaptureOption<>(
          "retire-timeout",
          Integer.class,
          20,
          1,
          10_000,
          "ms",
          "The kernel hands over a block that is not full after this time: the longest delay that"
              + " the ring adds to a frame.");

  /** All options in the order in which documentation lists them. */
  public static final List<CaptureOption<?>> ALL =
      List.of(
          INTERFACE, SNAP_LENGTH_BYTES, PROMISCUOUS, RING_MIB, BLOCK_KIB, RETIRE_TIMEOUT_MILLIS);

  private final String name;
  private final Class<T> type;
  private final T defaultValue;
  private final int least;
  private final int most;
  private final String unit;
  private final String description;

  private CaptureOption(
      String name,
      Class<T> type,
      T defaultValue,
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

  /** The option's name, words joined by hyphens. */
  public String name() {
    return name;
  }

  /** Integer, Boolean or String. */
  public Class<T> type() {
    return type;
  }

  /** The value where none was set; null if one must be set. */
  public T defaultValue() {
    return defaultValue;
  }

  /** The unit of a number, or what the value is. */
  public String unit() {
    return unit;
  }

  /** What the option does, in a sentence or two. */
  public String description() {
    return description;
  }

  /** The limits of a whole number in words, else empty. */
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
        value instanceof Integer
            ? (Integer) value < least || (Integer) value > most
            : value instanceof String && ((String) value).isEmpty();
    if (bad || this == BLOCK_KIB && Integer.bitCount((Integer) value) != 1) {
      throw refused(value);
    }
    return value;
  }

  private IllegalArgumentException refused(Object value) {
    String wanted =
        type == Integer.class
            ? "a whole number of " + unit + " from " + least + " to " + most
            : type == Boolean.class ? "true or false" : "a " + unit;
    String powerOfTwo = this == BLOCK_KIB ? ", a power of two" : "";
    return new IllegalArgumentException(
        name + " is '" + value + "'; expected " + wanted + powerOfTwo);
  }

  @Override
  public String toString() {
    return name;
  }
}
