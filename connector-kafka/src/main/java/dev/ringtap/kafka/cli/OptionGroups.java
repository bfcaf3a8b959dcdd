package dev.ringtap.kafka.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The options of {@code capture} by topic, in its help and on its page. */
final class OptionGroups {
  private static final Map<String, List<String>> NAMES = new LinkedHashMap<>();

  /** For options that no other group names. */
  private static final String LAST = "Output";

  static {
    group(
        "Input",
        """
        --config --interface --exclude --network-namespace --read --snap-length --no-promiscuous
        --direction --bpf --own-traffic --count --wait --timestamp-type --host-name
        """);
    group(
        "Ring",
        """
        --ring-size --block-size --retire-timeout --immediate --workers --fanout-group
        --fanout-mode --fanout-rollover --fanout-defrag --fanout-program
        """);
    group(
        "Kafka",
        """
        --bootstrap-server --topic --partitions --producer-config --producer-property
        --drain-timeout --dir
        """);
    group("Record", "--key --frames-per-record --registry --subject");
    group("Flows", "--flows --no-packets --flow-table --flow-idle --flow-active");
    group(LAST, "--write --report");
  }

  private static void group(String name, String options) {
    NAMES.put(name, List.of(options.strip().split("\\s+")));
  }

  private OptionGroups() {}

  /** The command's options by group. */
  static Map<String, List<OptionSpec>> of(CommandSpec command) {
    Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();
    List<OptionSpec> left = new ArrayList<>(command.options());
    left.sort(Comparator.comparingInt(OptionSpec::order));
    NAMES.forEach(
        (group, names) -> {
          List<OptionSpec> options = names.stream().<OptionSpec>map(command::findOption).toList();
          left.removeAll(options);
          groups.put(group, new ArrayList<>(options));
        });
    groups.computeIfAbsent(LAST, group -> new ArrayList<>()).addAll(left);
    return groups;
  }

  /** Makes the command's help show its options by group. */
  static void show(CommandLine command) {
    command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, OptionGroups::help);
  }

  private static String help(Help help) {
    StringBuilder text = new StringBuilder();
    of(help.commandSpec())
        .forEach(
            (group, options) -> {
              Help.Layout layout = help.createDefaultLayout();
              options.forEach(
                  option -> layout.addOption(option, help.createDefaultParamLabelRenderer()));
              text.append(String.format("%n%s:%n%s", group, layout));
            });
    return text.toString();
  }
}
