package dev.ringtap.kafka.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options of {@code capture} that the command line omits: from environment variables, {@code
 * RINGTAP_DRAIN_TIMEOUT} for {@code --drain-timeout}, then from a configuration file. An empty
 * variable counts as not set. Thread-safe.
 */
final class OptionDefaults implements IDefaultValueProvider {
  private final Map<String, String> environment;
  private final @Nullable ConfigFile file;

  /**
   * @param file null for none
   */
  OptionDefaults(Map<String, String> environment, @Nullable ConfigFile file) {
    this.environment = Map.copyOf(environment);
    this.file = file;
  }

  /** The same variables, and a file. */
  OptionDefaults with(ConfigFile config) {
    return new OptionDefaults(environment, config);
  }

  /** The argument's name without dashes: of an option, the longest that it has. */
  static String key(ArgSpec argument) {
    String name =
        argument.isOption()
            ? ((OptionSpec) argument).longestName()
            : argument.paramLabel().toLowerCase(Locale.ROOT);
    return name.replaceFirst("^-+", "");
  }

  /** The variable of an option, or of the words after the options. */
  static String variable(ArgSpec argument) {
    return "RINGTAP_" + key(argument).replace('-', '_').toUpperCase(Locale.ROOT);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (argument.isOption()) {
      OptionSpec option = (OptionSpec) argument;
      // a RINGTAP_VERSION is likely enough, and means something else
      if (option.usageHelp() || option.versionHelp()) {
        return null;
      }
    }
    String value = variableValue(argument);
    return value == null && file != null ? file.value(argument) : value;
  }

  private @Nullable String variableValue(ArgSpec argument) {
    String value = environment.get(variable(argument));
    return value == null || value.isEmpty() ? null : value;
  }

  /** The variables that a command takes values from, for messages about these. */
  List<String> used(CommandSpec command) {
    return command.args().stream()
        .filter(argument -> variableValue(argument) != null)
        .map(OptionDefaults::variable)
        .toList();
  }
}
