package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Options of {@code capture} in a YAML file: their long names without dashes, and {@code filter}.
 * Messages name the line, and never a producer setting: it may be a password.
 */
final class ConfigFile {
  private final Path path;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final List<Problem> problems = new ArrayList<>();

  /** A value as the command line would have it. */
  private record Entry(int line, String text) {}

  /**
   * @param line 0 if it is of no line
   */
  private record Problem(int line, String what) {}

  private ConfigFile(Path path) {
    this.path = path;
  }

  /**
   * Reads a file. What is wrong in it is among its {@link #problems}.
   *
   * @throws IOException if there is no such text; the message says why
   */
  static ConfigFile read(Path path) throws IOException {
    ConfigFile file = new ConfigFile(path);
    String text = OptionFile.text("--config", path);
    try {
      LoadSettings settings = LoadSettings.builder().build();
      Optional<Node> root = new Compose(settings).composeString(text);
      if (root.isPresent()) {
        file.readOptions(root.get());
      }
    } catch (MarkedYamlEngineException e) {
      file.problem(e.getProblemMark(), e.getProblem());
    } catch (YamlEngineException e) {
      file.problem(Optional.empty(), AgentException.message(e));
    } catch (StackOverflowError e) {
      file.problem(Optional.empty(), "nested too deeply");
    }
    return file;
  }

  private void problem(Optional<Mark> where, String what) {
    problems.add(new Problem(line(where), what));
  }

  private static int line(Optional<Mark> where) {
    return where.map(mark -> mark.getLine() + 1).orElse(0);
  }

  private void readOptions(Node root) {
    if (!(root instanceof MappingNode options)) {
      problem(root.getStartMark(), "expected lines of OPTION: VALUE");
      return;
    }
    CommandLine capture = CaptureCommand.commandLine();
    Map<String, ArgSpec> known =
        capture.getCommandSpec().args().stream()
            .filter(ConfigFile::mayBeInFile)
            .collect(Collectors.toMap(OptionDefaults::key, argument -> argument));
    for (NodeTuple each : options.getValue()) {
      Optional<Mark> where = each.getKeyNode().getStartMark();
      String key = each.getKeyNode() instanceof ScalarNode name ? name.getValue() : "";
      ArgSpec argument = known.get(key);
      if (argument == null) {
        problem(where, "no option is named '" + key + "'" + nearest(capture, key));
      } else if (entries.containsKey(key)) {
        problem(where, key + " is there twice");
      } else {
        String value = text(argument, each.getValueNode());
        if (value == null) {
          problem(where, key + " " + expected(argument));
        } else {
          entries.put(key, new Entry(line(where), value));
        }
      }
    }
    capture.setCaseInsensitiveEnumValuesAllowed(true);
    entries.entrySet().removeIf(each -> !isTaken(capture, each.getKey(), each.getValue()));
  }

  private static boolean mayBeInFile(ArgSpec argument) {
    return !(argument instanceof OptionSpec option)
        || !option.usageHelp() && !option.versionHelp() && !option.longestName().equals("--config");
  }

  private static String nearest(CommandLine capture, String key) {
    List<String> near =
        new UnmatchedArgumentException(capture, List.of("--" + key)).getSuggestions();
    return near.isEmpty() ? "" : "; the nearest is " + near.get(0).replaceFirst("^-+", "");
  }

  private static boolean isMap(ArgSpec argument) {
    return Map.class.isAssignableFrom(argument.type());
  }

  private static String expected(ArgSpec argument) {
    if (isMap(argument)) {
      return "takes settings, each on a line of its own: KEY: VALUE";
    }
    return argument.isMultiValue() ? "takes a value or a list of values" : "takes one value";
  }

  /** The value as an environment variable would have it; null if it is of another kind. */
  private static @Nullable String text(ArgSpec argument, Node value) {
    if (isMap(argument)) {
      return value instanceof MappingNode settings ? lines(settings) : null;
    }
    if (value instanceof SequenceNode list && argument.isMultiValue()) {
      List<String> all = list.getValue().stream().map(ConfigFile::scalar).toList();
      String between = argument.splitRegex().isEmpty() ? " " : ",";
      return all.contains(null) ? null : String.join(between, all);
    }
    return scalar(value);
  }

  private static @Nullable String scalar(Node node) {
    boolean has = node instanceof ScalarNode && !node.getTag().equals(Tag.NULL);
    return has ? ((ScalarNode) node).getValue() : null;
  }

  private static @Nullable String lines(MappingNode settings) {
    List<String> lines = new ArrayList<>();
    for (NodeTuple each : settings.getValue()) {
      String key = scalar(each.getKeyNode());
      String value = scalar(each.getValueNode());
      if (key == null || value == null || value.contains("\n")) {
        return null;
      }
      lines.add(key + "=" + value);
    }
    return String.join("\n", lines);
  }

  /** Whether the option takes this value. */
  private boolean isTaken(CommandLine capture, String key, Entry entry) {
    capture.setDefaultValueProvider(
        argument -> OptionDefaults.key(argument).equals(key) ? entry.text() : null);
    try {
      capture.parseArgs();
      return true;
    } catch (ParameterException e) {
      problems.add(new Problem(entry.line(), AgentException.message(e)));
      return false;
    }
  }

  /** All that is wrong in the file, from the top to the end; empty if nothing is. */
  List<String> problems() {
    return problems.stream()
        .sorted(Comparator.comparingInt(Problem::line))
        .map(each -> path + (each.line() == 0 ? "" : " line " + each.line()) + ": " + each.what())
        .toList();
  }

  /**
   * This file, if nothing is wrong in it.
   *
   * @throws ParameterException with all problems
   */
  ConfigFile checked(CommandSpec command) {
    if (!problems.isEmpty()) {
      throw new ParameterException(command.commandLine(), String.join("; ", problems()));
    }
    return this;
  }

  /** The value of an option, or null if there is none, or a wrong one. */
  @Nullable String value(ArgSpec argument) {
    Entry entry = entries.get(OptionDefaults.key(argument));
    return entry == null ? null : entry.text();
  }
}
