package dev.ringtap.kafka.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Bad usage: one clear sentence, and the right exit code, before anything is started. */
@Timeout(60)
class UsageIT {
  private static String run(int expectedCode, String... arguments) {
    StringWriter text = new StringWriter();
    CommandLine commands = Main.commandLine();
    commands.setErr(new PrintWriter(text, true));
    assertThat(commands.execute(arguments)).as(text.toString()).isEqualTo(expectedCode);
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "capture | say what to capture: -i INTERFACE",
        "capture -i lo -r x.pcap | -i and -r cannot be used together",
        "capture -i lo -c 0 | -c is 0; expected 1 or more",
        "capture -i lo -s 262145 | snap-length is '262145'; expected a whole number of bytes from 0 to 262144",
        "capture -i lo -s -1 | snap-length is '-1'",
        "capture -i lo -B 1 | ring-size is '1'; expected a whole number of MiB from 2 to 65536",
        "capture -i lo -B x | ring-size is 'x'",
        "capture -i lo --block-size 1000 | a power of two",
        "capture -i lo --workers 0 | --workers is 0; expected 1 to 256",
        "capture -i lo --workers 2 --fanout-mode odd | expected hash or lb or cpu or rollover",
        "capture -i lo --fanout-mode lb | the fanout options are for several --workers",
        "capture -i lo -Q both | direction is 'both'; expected in or out or inout",
        "capture -i lo --immediate --retire-timeout 5 | --immediate and --retire-timeout cannot",
        "capture -r x.pcap --wait | --workers, --wait and --immediate are for a live capture",
        "capture -i lo --partitions 0 | --partitions is 0; expected 1 to 10000",
        "capture -i lo --key port | port",
        "capture -i lo --bpf x udp port 53 | --bpf and a filter expression cannot be used together",
        "capture -r x.pcap -s 96 | are for a live capture, not for -r",
        "capture --nonsense | Unknown option: '--nonsense'",
        "capture -i lo --registry ftp://x | --registry: 'ftp://x' is not the URL of a schema registry: it must begin",
        "capture -i lo --subject x | --subject is a name in a schema registry: say which",
        "capture -i lo -w x --registry http://x | --registry is for records of a topic, and -w",
        "capture -i lo --frames-per-record 0 | is neither a number from 1 on nor auto",
        "capture -i lo --frames-per-record all | is neither a number from 1 on nor auto",
        "capture -i lo -w x --frames-per-record auto | --frames-per-record is for records of a topic, and -w",
        "capture -i lo --metrics here | is not [HOST:]PORT, such as 9464 or 0.0.0.0:9464",
        "capture -r x.pcap --metrics 9464 | --metrics is for a live capture, not for -r",
        "capture -i lo --exclude docker0 | --exclude, or exclude in the configuration, is for patterns of -i, and there is none",
        "capture -i lo -i e* --fanout-group 7 | --fanout-group is for one interface",
        "capture -i e[ | is no pattern",
        "capture -i lo --log-level loud | loud",
        "capture -i lo --no-packets | --no-packets is for --flows TOPIC",
        "capture -i lo --flows packets | --flows names the topic of the packets, packets; expected another one",
        "capture -i lo --flows f --flow-table 0 | --flow-table is 0; expected 1 to 16777216",
        "capture -i lo --flows f --flow-idle 0 | --flow-idle is 0; expected 1 to 86400",
        "capture -i lo --flows f --flow-active 5 | --flow-active is 5; expected 15 to 86400",
        "capture -i lo -w x --flows f | --flows is for records of a topic, and -w",
        "dump --registry http:// | --registry: 'http://' is not the URL of a schema registry",
        "flows | say what to read: -i INTERFACE, -r FILE or -t TOPIC, one of them",
        "flows -i lo -r x | say what to read",
        "flows -r x -t y | -t is for a topic, not for -r",
        "flows -i lo --from-beginning | --from-beginning is for a topic, not for -i",
        "flows -r x --json --csv | --json and --csv cannot be used together",
        "flows -r x --top 0 | --top is 0; expected 1 to 1000000",
        "dump -c 0 | -c is 0; expected 1 or more",
        "broker --port 70000 | 70000",
        "unknown | Unmatched argument",
      })
  void badUsage(String command, String message) {
    assertThat(run(2, command.split(" "))).contains(message);
  }

  @Test
  void missingThingsAreNamed(@TempDir Path directory) throws Exception {
    assertThat(run(1, "capture", "-i", "nope", "-b", "127.0.0.1:1"))
        .contains("no interface is named 'nope'; there are: lo");
    assertThat(run(1, "capture", "-i", "nope*", "-b", "127.0.0.1:1"))
        .contains("no interface that is up matches nope*; there are: lo");
    assertThat(run(1, "capture", "--config", "missing.yaml"))
        .contains("--config missing.yaml: no such file");
    assertThat(run(1, "capture", "-r", "missing.pcap"))
        .contains("missing.pcap: no such capture file");
    assertThat(run(1, "capture", "-i", "lo", "--bpf", "missing"))
        .contains("--bpf missing: no such file");
    assertThat(run(1, "capture", "-i", "lo", "--producer-config", "missing"))
        .contains("--producer-config missing: no such file");
    assertThat(run(1, "capture", "-i", "lo", "-b", "127.0.0.1:1", "--report", "/nowhere/report"))
        .contains("--report: cannot write /nowhere/report");
    Path text = Files.writeString(directory.resolve("text.bpf"), "udp port 53");
    assertThat(run(2, "capture", "-i", "lo", "--bpf", text.toString()))
        .contains("line 1: the number of instructions is not a number from 0 to 4096");
    Path pcap = Files.writeString(directory.resolve("text.pcap"), "this is no capture file at all");
    assertThat(run(1, "capture", "-r", pcap.toString(), "-w", directory.resolve("x").toString()))
        .contains("text.pcap");
  }

  private static String check(Path config, int expectedCode, String... lines) throws IOException {
    Files.write(config, List.of(lines));
    return check(expectedCode, config, "check", "-i", "lo", "--config", config.toString());
  }

  private static String check(int expectedCode, Path config, String... command) {
    PrintStream out = System.out;
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    System.setOut(new PrintStream(text, true, UTF_8));
    try {
      assertThat(Main.commandLine().execute(command))
          .as(text.toString(UTF_8))
          .isEqualTo(expectedCode);
    } finally {
      System.setOut(out);
    }
    return text.toString(UTF_8).replace(config.toString(), "agent.yaml");
  }

  @Test
  void checkTellsForWhatAConfigurationWouldWait(@TempDir Path directory) throws Exception {
    Path config = directory.resolve("agent.yaml");
    for (String[] each :
        new String[][] {
          {"nope*", "no interface that is up matches nope*; there are: lo"},
          {"nope", "no interface is named 'nope'; there are: lo"}
        }) {
      Files.write(config, List.of("interface: '" + each[0] + "'", "wait: true"));
      assertThat(check(0, config, "check", "--config", config.toString()))
          .contains("warn  interface    " + each[1])
          .contains("; capture waits for it")
          .doesNotContain("--wait");
    }
  }

  @Test
  void checkSaysAllThatIsWrongInAConfiguration(@TempDir Path directory) throws Exception {
    Requirements.privateNetwork();
    Path config = directory.resolve("agent.yaml");
    assertThat(
            check(
                config,
                1,
                "ring-size: 1",
                "topc: frames",
                "partitions: 0",
                "bpf: x",
                "filter: udp",
                "producer-property:",
                "  acks: 7",
                "  linger.ms: soon"))
        .contains(
            "FAIL  config       agent.yaml line 1: Invalid value for option '--ring-size': ring-size is '1'",
            "FAIL  config       agent.yaml line 2: no option is named 'topc'; the nearest is topic",
            "FAIL  config       agent.yaml: --partitions is 0; expected 1 to 10000",
            "FAIL  config       agent.yaml: --bpf and a filter expression cannot be used together",
            "FAIL  config       Kafka producer: Invalid value 7 for configuration acks",
            "FAIL  config       Kafka producer: Invalid value soon for configuration linger.ms");
    assertThat(check(config, 0, "topic: frames", "wait: true"))
        .contains("ok    config       agent.yaml", "ok    filter       none");
    Requirements.libpcap();
    assertThat(check(config, 1, "filter: port 99999"))
        .contains("FAIL  filter       filter 'port 99999': illegal port number 99999 > 65535");
  }

  @Test
  void refusedFilterIsBadUsage(@TempDir Path directory) throws IOException {
    Requirements.libpcap();
    ByteBuffer pcap = ByteBuffer.allocate(24 + 16 + 14);
    pcap.putInt(0xA1B2C3D4).putShort((short) 2).putShort((short) 4).putLong(0).putInt(65535);
    pcap.putInt(1).putLong(0).putInt(14).putInt(14);
    Path file = Files.write(directory.resolve("one.pcap"), pcap.array());
    String[] words = {"capture", "-r", file.toString(), "-b", "127.0.0.1:1", "port", "99999"};
    assertThat(run(2, words))
        .contains(
            "filter 'port 99999': illegal port number 99999 > 65535",
            "help: ringtap capture --help");
  }

  @Test
  void helpNamesEveryCommandAndItsOptions() {
    StringWriter text = new StringWriter();
    CommandLine commands = Main.commandLine();
    commands.setOut(new PrintWriter(text, true));
    commands.execute("--help");
    commands.execute("capture", "--help");
    assertThat(text.toString())
        .contains(
            "capture",
            "dump",
            "flows",
            "broker",
            "interfaces",
            "check",
            "demo",
            "--snap-length",
            "-B",
            "[FILTER...]",
            "pcap-filter(7)");
  }
}
