package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureOption;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

@Timeout(10)
class OptionDefaultsTest {
  private static CommandSpec parse(Map<String, String> environment, String... arguments) {
    return Main.commandLine(environment).parseArgs(arguments).subcommand().commandSpec();
  }

  private static Object value(CommandSpec command, String option) {
    return command.findOption(option).getValue();
  }

  @Test
  void fillInWhatTheCommandLineLeavesOut() {
    CommandSpec capture =
        parse(
            Map.of(
                "RINGTAP_TOPIC", "frames",
                "RINGTAP_PARTITIONS", "9",
                "RINGTAP_PRODUCER_PROPERTY", "linger.ms=5",
                "RINGTAP_FILTER", "udp port 53",
                "RINGTAP_SUBJECT", ""),
            "capture",
            "--partitions",
            "2");

    assertThat(value(capture, "--topic")).isEqualTo("frames");
    assertThat(value(capture, "--partitions")).isEqualTo(2);
    assertThat(value(capture, "-X")).isEqualTo(Map.of("linger.ms", "5"));
    assertThat(value(capture, "--subject")).isNull();
    assertThat(value(capture, "--key")).hasToString("FLOW");
    assertThat(capture.positionalParameters().get(0).<Object>getValue())
        .isEqualTo(List.of("udp port 53"));
  }

  @ParameterizedTest
  @CsvSource({"capture,--wait", "capture,--immediate", "capture,--own-traffic"})
  void flagThatIsGivenIsOnWhateverTheVariableSays(String command, String flag) {
    String variable = OptionDefaults.variable(parse(Map.of(), command).findOption(flag));
    for (String set : List.of("true", "false")) {
      assertThat(value(parse(Map.of(variable, set), command), flag)).hasToString(set);
      assertThat(value(parse(Map.of(variable, set), command, flag), flag)).isEqualTo(true);
    }
  }

  @ParameterizedTest
  @CsvSource({"true,,true", "true,-p,true", "false,,false", "false,-p,true"})
  void soIsAFlagOfTheCaptureOptions(String set, String given, boolean expected) {
    CaptureFlags flags = new CaptureFlags();
    CommandSpec command = CommandSpec.create();
    flags.addTo(command);
    new CommandLine(command)
        .setDefaultValueProvider(new OptionDefaults(Map.of("RINGTAP_NO_PROMISCUOUS", set), null))
        .parseArgs(given == null ? new String[0] : new String[] {given});

    assertThat(flags.isSet(CaptureOption.PROMISCUOUS)).isEqualTo(expected);
  }

  /** Those of an agent are set for what is executed in its container too. */
  @Test
  void setNoOptionOfAnotherCommand() {
    Map<String, String> agent =
        Map.of("RINGTAP_WRITE", "/capture.pcapng", "RINGTAP_COUNT", "5", "RINGTAP_DIR", "/data");
    CommandSpec dump = parse(agent, "dump");

    assertThat(value(dump, "--write")).isNull();
    assertThat(value(dump, "--count")).isNull();
    assertThat(value(parse(agent, "broker"), "--dir")).isNotEqualTo(Path.of("/data"));
    assertThat(value(parse(agent, "capture"), "--write")).isEqualTo(Path.of("/capture.pcapng"));
  }

  @Test
  void otherMeaningsOfAVersionAreNoOption() {
    CommandSpec capture = parse(Map.of("RINGTAP_VERSION", "0.1.0"), "capture");

    assertThat(value(capture, "--version")).isEqualTo(false);
  }

  @Test
  void usageErrorsNameTheVariables() {
    StringWriter text = new StringWriter();
    CommandLine commands =
        Main.commandLine(Map.of("RINGTAP_INTERFACE", "eth0", "RINGTAP_TOPIC", "frames"));
    commands.setErr(new PrintWriter(text, true));

    assertThat(commands.execute("capture", "-r", "trace.pcap")).isEqualTo(ExitCode.BAD_USAGE);
    assertThat(text.toString())
        .contains("-i and -r cannot be used together")
        .contains("set in the environment: RINGTAP_INTERFACE RINGTAP_TOPIC");
  }
}
