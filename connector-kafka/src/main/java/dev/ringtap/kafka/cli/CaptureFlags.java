package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.IGetter;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/**
 * The command-line flags of the capture options: tcpdump's letters on {@link CaptureOption}'s
 * table.
 */
final class CaptureFlags {
  private static final Map<CaptureOption<?>, String> LETTERS =
      Map.of(
          CaptureOption.SNAP_LENGTH_BYTES, "-s",
          CaptureOption.PROMISCUOUS, "-p",
          CaptureOption.DIRECTION, "-Q",
          CaptureOption.TIMESTAMP_TYPE, "-j",
          CaptureOption.RING_MIB, "-B");

  /**
   * Value of any flag that is given. Picocli would take the opposite of its default, which may come
   * from the environment.
   */
  static final String ON = "true";

  /** Before the command's other options, whose order is -1. */
  private static final int FIRST_IN_HELP = -2;

  private final Map<CaptureOption<?>, Object> values = new LinkedHashMap<>();

  /** Adds a flag for each option, through which picocli then sets what the user gave. */
  void addTo(CommandSpec command) {
    for (CaptureOption<?> option : CaptureOption.ALL) {
      // a run has several of them
      if (option != CaptureOption.INTERFACE) {
        command.addOption(flag(option).order(FIRST_IN_HELP).getter(new Given(option)).build());
      }
    }
  }

  /** What the user gave for an option, or null. */
  private final class Given implements IGetter {
    private final CaptureOption<?> option;

    Given(CaptureOption<?> option) {
      this.option = option;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> @Nullable T get() {
      return (T) values.get(option);
    }
  }

  private <T> OptionSpec.Builder flag(CaptureOption<T> option) {
    boolean on = Boolean.TRUE.equals(option.defaultValue());
    String word = (on ? "--no-" : "--") + option.name();
    String letter = LETTERS.get(option);
    String[] names = letter == null ? new String[] {word} : new String[] {letter, word};
    if (option.type() == Boolean.class) {
      return OptionSpec.builder(names)
          .type(boolean.class)
          .fallbackValue(ON)
          .description(on ? "Does not enable " + option.name() + " mode." : option.description())
          .setter(
              new ISetter() {
                @Override
                public <V> @Nullable V set(V value) {
                  if (Boolean.TRUE.equals(value)) {
                    values.put(option, !on);
                  }
                  return null;
                }
              });
    }
    String limits = option.limits().isEmpty() ? "" : " " + option.limits() + ".";
    return OptionSpec.builder(names)
        .type(option.type())
        .paramLabel(option.type().isEnum() ? option.unit() : option.unit().toUpperCase(Locale.ROOT))
        .description(
            option.description()
                + limits
                + (option.defaultValue() == null
                    ? ""
                    : " Default: " + CaptureOption.textOf(option.defaultValue()) + "."))
        .converters(text -> parse(option, text))
        .setter(
            new ISetter() {
              @Override
              public <V> @Nullable V set(V value) {
                if (value != null) {
                  values.put(option, value);
                }
                return null;
              }
            });
  }

  private static Object parse(CaptureOption<?> option, String text) {
    try {
      return option.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** Whether the user gave this option. */
  boolean isSet(CaptureOption<?> option) {
    return values.containsKey(option);
  }

  /** Whether the user gave any other than this one. */
  boolean isAnySetBut(CaptureOption<?> option) {
    return values.size() > (isSet(option) ? 1 : 0);
  }

  /** What the user gave, or the default. */
  <T extends @Nullable Object> @Nullable T get(CaptureOption<T> option) {
    Object value = values.get(option);
    return value == null ? option.defaultValue() : option.type().cast(value);
  }

  /** A configuration with what the user gave. */
  CaptureConfig.Builder toConfig(String interfaceName) {
    CaptureConfig.Builder config = CaptureConfig.on(interfaceName);
    values.forEach((option, value) -> set(config, option, value));
    return config;
  }

  private static <T> void set(CaptureConfig.Builder config, CaptureOption<T> option, Object value) {
    config.set(option, option.type().cast(value));
  }
}
