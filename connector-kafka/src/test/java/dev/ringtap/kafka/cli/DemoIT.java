package dev.ringtap.kafka.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo prints its report, and no line of a log. */
@Timeout(300)
class DemoIT {
  private static final String COUNT = "[\\d,]+";

  /** Every line that the demo prints, in order; a line may match the same pattern as the last. */
  private static final List<Pattern> LINES =
      List.of(
          Pattern.compile("Starting a Kafka broker inside this process \\.\\.\\."),
          Pattern.compile("  it listens on 127\\.0\\.0\\.1:\\d+"),
          Pattern.compile("Creating a virtual wire .*"),
          Pattern.compile(
              "1\\. Office traffic at 25,000 frames/s for 4 s -> .*'packets' and 'flows'"),
          Pattern.compile("Read back from the topic, the first 6 as `ringtap dump` shows them:"),
          Pattern.compile(
              "  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{9} .*, length \\d+: .*"),
          Pattern.compile("  VLAN +protocol +frames +bytes.*"),
          Pattern.compile("  [\\w.]+ +(IPv6 )?\\w+ +" + COUNT + " +" + COUNT + "  #+"),
          Pattern.compile("  all +" + COUNT + " +" + COUNT),
          Pattern.compile(
              "  offered 100,000 = " + COUNT + " dropped by the kernel \\+ .* captured"),
          Pattern.compile(
              "  captured " + COUNT + " = .* acknowledged by Kafka \\+ 0 not delivered"),
          Pattern.compile("  read back .* acknowledged, lost on the way to the ring: " + COUNT),
          Pattern.compile(
              "The same frames as flow records, the 5 largest of "
                  + COUNT
                  + " as `ringtap flows` .*"),
          Pattern.compile("  proto +source +destination +packets +bytes .* lost"),
          Pattern.compile("  \\w+ +\\S+ +\\S+ +\\d+ +\\d+ +\\d+ +\\d+ +\\d\\.\\d{3} +\\d+"),
          Pattern.compile(
              "  captured " + COUNT + " = .* in flow records \\+ " + COUNT + " of no flow"),
          Pattern.compile("2\\. A burst of 400,000 frames .*"),
          Pattern.compile(
              "  " + COUNT + " of 400,000 frames lost .*, and each of them is counted:"),
          Pattern.compile(
              "  offered 400,000 = " + COUNT + " dropped by the kernel \\+ .* captured"),
          Pattern.compile(
              "  captured " + COUNT + " = .* acknowledged by Kafka \\+ 0 not delivered"),
          Pattern.compile("Every frame is accounted for\\. Next: .*"));

  @TempDir Path directory;

  /** In a project without the Flink connector: its job is a process of its own. */
  @Test
  void printsTheReportAndNothingElse() throws Exception {
    Requirements.privateNetwork();
    Path module = Files.createDirectories(directory.resolve("module"));
    Path bin = Files.createDirectory(module.resolve("bin"));
    Path script = Files.copy(Launcher.SCRIPT, bin.resolve("ringtap"));
    assertThat(script.toFile().setExecutable(true)).isTrue();
    Files.createSymbolicLink(module.resolve("target"), Path.of("target").toAbsolutePath());
    Path err = directory.resolve("err");

    Process demo = Launcher.start(script, err, Map.of(), "demo");
    String out;
    try {
      out = new String(demo.getInputStream().readAllBytes(), UTF_8);
      assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      demo.destroyForcibly();
    }

    assertThat(Files.readString(err)).isEmpty();
    int at = 0;
    for (String line : out.lines().filter(each -> !each.isBlank()).toList()) {
      if (at == 0 || !LINES.get(at - 1).matcher(line).matches()) {
        assertThat(at).as(out).isLessThan(LINES.size());
        assertThat(line).as(out).matches(LINES.get(at++));
      }
    }
    assertThat(at).as(out).isEqualTo(LINES.size());
    assertThat(demo.exitValue()).isZero();
  }
}
