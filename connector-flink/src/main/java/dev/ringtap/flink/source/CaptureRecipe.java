package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link CaptureConfig} that travels with a job: its options by name, without its filter.
 * Immutable.
 */
final class CaptureRecipe implements Serializable {
  private static final long serialVersionUID = 1;

  private final LinkedHashMap<String, Serializable> values = new LinkedHashMap<>();

  private CaptureRecipe() {}

  static CaptureRecipe of(CaptureConfig config) {
    CaptureRecipe recipe = new CaptureRecipe();
    for (CaptureOption<?> option : CaptureOption.ALL) {
      Object value = config.get(option);
      if (value != null) {
        recipe.values.put(option.name(), (Serializable) value);
      }
    }
    return recipe;
  }

  String interfaceName() {
    return (String) values.get(CaptureOption.INTERFACE.name());
  }

  /** Whether an option has a value. */
  boolean isSet(CaptureOption<?> option) {
    return values.containsKey(option.name());
  }

  /** The value of an option that has a number. */
  int number(CaptureOption<Integer> option) {
    return (Integer) values.get(option.name());
  }

  CaptureConfig.Builder toConfig() {
    CaptureConfig.Builder config = CaptureConfig.on(interfaceName());
    for (CaptureOption<?> option : CaptureOption.ALL) {
      set(config, option, values);
    }
    return config;
  }

  private static <T> void set(
      CaptureConfig.Builder config, CaptureOption<T> option, Map<String, Serializable> values) {
    Serializable value = values.get(option.name());
    if (value != null) {
      config.set(option, option.type().cast(value));
    }
  }
}
