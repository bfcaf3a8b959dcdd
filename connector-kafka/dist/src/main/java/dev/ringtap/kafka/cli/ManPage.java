package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Writes the manual page ringtap(1) from the commands' own help, in the macros of man(7). Picocli's
 * own generator writes AsciiDoc, which needs Asciidoctor to become a manual page.
 */
final class ManPage {
  private final StringBuilder page = new StringBuilder();

  private ManPage() {}

  /**
   * @param args the page's time, and its file, which is compressed by gzip
   */
  public static void main(String[] args) throws IOException {
    LocalDate date = Instant.parse(args[0]).atZone(ZoneOffset.UTC).toLocalDate();
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(Path.of(args[1])))) {
      out.write(text(date).getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String text(LocalDate date) {
    CommandSpec ringtap = Main.commandLine(Map.of()).getCommandSpec();
    List<CommandSpec> commands =
        ringtap.subcommands().values().stream().map(CommandLine::getCommandSpec).toList();
    ManPage page = new ManPage();
    page.line(".TH RINGTAP 1 %s \"%s\"", date, escaped(ringtap.version()[0]));
    page.section("NAME");
    page.line("ringtap \\- %s", text(ringtap.usageMessage().description()));
    page.section("SYNOPSIS");
    page.line(".nf");
    commands.forEach(page::synopsis);
    page.line(".fi");
    commands.forEach(page::command);
    page.section("EXIT STATUS");
    ringtap
        .usageMessage()
        .exitCodeList()
        .forEach((code, meaning) -> page.item(bold(code), escaped(meaning)));
    page.section("ENVIRONMENT");
    page.line("%s", text(ringtap.usageMessage().footer()));
    page.item(bold("RINGTAP_JAVA_OPTS"), "Further options for java, split at spaces.");
    page.item(bold("RINGTAP_CLASSPATH"), "Further jars, separated by colons.");
    page.section("FILES");
    page.item(italic("/etc/ringtap/agent.yaml"), "The configuration of the service.");
    page.item(italic("/var/lib/ringtap"), "The data of the service.");
    page.section("SEE ALSO");
    page.line(".BR tcpdump (8),\n.BR pcap\\-filter (7),\n.BR packet (7),\n.BR systemctl (1)");
    return page.page.toString();
  }

  private void synopsis(CommandSpec command) {
    String parameters =
        command.positionalParameters().stream()
            .map(each -> " [" + italic(each.paramLabel()) + " ...]")
            .collect(Collectors.joining());
    line("%s [options]%s", bold(command.qualifiedName()), parameters);
  }

  private void command(CommandSpec command) {
    section(command.qualifiedName().toUpperCase(Locale.ROOT));
    line("%s", text(command.usageMessage().description()));
    command.positionalParameters().forEach(each -> argument(italic(each.paramLabel()), each));
    if (command.name().equals("capture")) {
      OptionGroups.of(command)
          .forEach(
              (group, options) -> {
                line(".SS %s", group);
                options(options);
              });
    } else {
      options(command.options());
    }
  }

  private void options(Collection<OptionSpec> options) {
    options.stream()
        .filter(each -> !each.usageHelp() && !each.versionHelp())
        .sorted(Comparator.comparingInt(OptionSpec::order))
        .forEach(
            each -> {
              String names =
                  Stream.of(each.names()).map(ManPage::bold).collect(Collectors.joining(", "));
              boolean isFlag = each.type() == boolean.class;
              argument(isFlag ? names : names + " " + italic(each.paramLabel()), each);
            });
  }

  private void argument(String term, ArgSpec argument) {
    item(term, text(argument.description()));
  }

  private void section(String title) {
    line(".SH %s", title);
  }

  private void item(String term, String meaning) {
    line(".TP\n%s\n%s", term, meaning);
  }

  private void line(String format, Object... values) {
    page.append(format.formatted(values)).append('\n');
  }

  private static String bold(String text) {
    return "\\fB" + escaped(text) + "\\fR";
  }

  private static String italic(String text) {
    return "\\fI" + escaped(text) + "\\fR";
  }

  /** A help text as one line, which troff fills. */
  private static String text(String... lines) {
    String text = String.join(" ", lines).replace("%n", " ");
    return escaped(Ansi.OFF.string(text).strip().replaceAll("\\s+", " "));
  }

  /** Neither an escape nor, at its start, a macro; a dash is one that can be copied. */
  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replaceFirst("^(?=[.'])", "\\\\&");
  }
}
