package dev.ringtap.kafka.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options of {@code capture} that the command line omits, from environment variables: {@code
 * RINGTAP_DRAIN_TIMEOUT} is {@code --drain-timeout}. An empty variable counts as not set.
 * Thread-safe.
 */
final class EnvironmentDefaults implements IDefaultValueProvider {
  private final Map<String, String> environment;

  EnvironmentDefaults(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** The variable of an option, by its longest name, or of the words after the options. */
  static String variable(ArgSpec argument) {
    String name =
        argument.isOption() ? ((OptionSpec) argument).longestName() : argument.paramLabel();
    return "RINGTAP_" + name.replaceFirst("^-+", "").replace('-', '_').toUpperCase(Locale.ROOT);
  }

  @Override
  public String defaultValue(ArgSpec argument) {
    if (argument.isOption()) {
      OptionSpec option = (OptionSpec) argument;
      // a RINGTAP_VERSION is likely enough, and means something else
      if (option.usageHelp() || option.versionHelp()) {
        return null;
      }
    }
    String value = environment.get(variable(argument));
    return value == null || value.isEmpty() ? null : value;
  }

  /** The variables that a command takes values from, for messages about these. */
  List<String> used(CommandSpec command) {
    return command.args().stream()
        .filter(argument -> defaultValue(argument) != null)
        .map(EnvironmentDefaults::variable)
        .toList();
  }
}
