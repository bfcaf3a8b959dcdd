package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.CommandSpec;

@Timeout(60)
class ConfigFileTest {
  @TempDir Path directory;

  private ConfigFile file(String text) throws IOException {
    return ConfigFile.read(Files.writeString(path(), text));
  }

  private Path path() {
    return directory.resolve("agent.yaml");
  }

  private List<String> problems(String text) throws IOException {
    return file(text).problems().stream()
        .map(each -> each.replace(path().toString(), "agent.yaml"))
        .toList();
  }

  private CommandSpec parse(String text, Map<String, String> environment, String... arguments)
      throws IOException {
    ConfigFile file = file(text);
    assertThat(file.problems()).isEmpty();
    return Main.commandLine(new OptionDefaults(environment, file))
        .parseArgs(arguments)
        .subcommand()
        .commandSpec();
  }

  private static Object value(CommandSpec command, String option) {
    return command.findOption(option).getValue();
  }

  @Test
  void hasEveryKindOfOption() throws Exception {
    CommandSpec capture =
        parse(
            """
            # all of an agent
            interface: [eth0, "ens*"]
            exclude: docker0
            topic: frames      # a comment
            wait: true
            ring-size: 8
            snap-length: 96
            frames-per-record: auto
            metrics: 9464
            filter: tcp port 443 or udp
            producer-property:
              compression.type: zstd
              linger.ms: 5
              sasl.jaas.config: a.Module required username="x" password="a,b=c";
            """,
            Map.of(),
            "capture");

    assertThat(value(capture, "-i")).isEqualTo(List.of("eth0", "ens*"));
    assertThat(value(capture, "--exclude")).isEqualTo(List.of("docker0"));
    assertThat(value(capture, "--topic")).isEqualTo("frames");
    assertThat(value(capture, "--wait")).isEqualTo(true);
    assertThat(value(capture, "--ring-size")).isEqualTo(8);
    assertThat(value(capture, "--snap-length")).isEqualTo(96);
    assertThat(value(capture, "-X"))
        .isEqualTo(
            Map.of(
                "compression.type",
                "zstd",
                "linger.ms",
                "5",
                "sasl.jaas.config",
                "a.Module required username=\"x\" password=\"a,b=c\";"));
    assertThat(capture.positionalParameters().get(0).<Object>getValue())
        .isEqualTo(List.of("tcp port 443 or udp"));
  }

  @Test
  void environmentAndCommandLineWinOverIt() throws Exception {
    String text = "topic: file\ninterface: eth0\npartitions: 3\n";
    CommandSpec capture =
        parse(
            text,
            Map.of("RINGTAP_TOPIC", "environment", "RINGTAP_INTERFACE", "eth1,eth2"),
            "capture",
            "--topic",
            "line");

    assertThat(value(capture, "--topic")).isEqualTo("line");
    assertThat(value(capture, "-i")).isEqualTo(List.of("eth1", "eth2"));
    assertThat(value(capture, "--partitions")).isEqualTo(3);
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() throws Exception {
    assertThat(
            problems(
                """
                interfaces: eth0
                ring-size: huge
                topic: [a, b]
                wait: yes
                partitions: 4
                partitions: 5
                producer-property: secret
                subject:
                """))
        .containsExactly(
            "agent.yaml line 1: no option is named 'interfaces'; the nearest is interface",
            "agent.yaml line 2: Invalid value for option '--ring-size': ring-size is 'huge';"
                + " expected a whole number of MiB from 2 to 65536",
            "agent.yaml line 3: topic takes one value",
            "agent.yaml line 4: Invalid value for option '--wait': 'yes' is not a boolean",
            "agent.yaml line 6: partitions is there twice",
            "agent.yaml line 7: producer-property takes settings, each on a line of its own: KEY:"
                + " VALUE",
            "agent.yaml line 8: subject takes one value");
  }

  @Test
  void whatIsNoYamlNamesItsLine() throws Exception {
    assertThat(problems("topic: a\n  partitions: 3\n"))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("agent.yaml line 2: ");
    assertThat(problems("- eth0\n"))
        .containsExactly("agent.yaml line 1: expected lines of OPTION: VALUE");
    assertThat(problems("")).isEmpty();
    assertThat(problems("filter: " + "[".repeat(100_000))).hasSize(1);
    assertThat(problems("sasl: &a [x]\nfilter: *b\n")).hasSize(1);
  }

  @Test
  void aSecretIsNotRepeated() throws Exception {
    for (String text :
        List.of(
            "producer-property:\n  ssl.key.password: [s3cret]\n",
            "producer-property:\n  ssl.key.password: s3cret\n  : s3cret: x\n",
            "producer-property: \"s3cret\n",
            "producer-property: s3cret\n")) {
      assertThat(problems(text)).isNotEmpty().noneMatch(each -> each.contains("s3cret"));
    }
  }

  @Test
  void whatIsNoSuchFileSaysWhy() throws Exception {
    assertThatThrownBy(() -> ConfigFile.read(directory)).hasMessageContaining("Is a directory");
    assertThatThrownBy(() -> ConfigFile.read(directory.resolve("missing")))
        .hasMessage("--config " + directory.resolve("missing") + ": no such file");
    Files.write(path(), new byte[] {'a', ':', ' ', (byte) 0xC3, '('});
    assertThatThrownBy(() -> ConfigFile.read(path())).hasMessageEndingWith(": not UTF-8");
    Files.writeString(path(), "#".repeat(10 << 20));
    assertThatThrownBy(() -> ConfigFile.read(path())).hasMessageEndingWith("larger than 256 KiB");
  }
}
