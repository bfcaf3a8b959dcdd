package dev.ringtap.testcontainers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** What a test that fails leaves, and one that passes does not. */
@Timeout(180)
@RequiresImages("agent")
class KeepPacketsIT {
  private static final TestApp APP = new TestApp();

  /** Containers that the test itself starts and stops. */
  @ExtendWith(KeepPackets.class)
  static class Local {
    @Test
    void passes() throws Exception {
      run(3);
    }

    @Test
    void fails() throws Exception {
      run(3);
      fail("as it should");
    }

    private static void run(int frames) throws Exception {
      try (RingtapContainer ringtap =
          new RingtapContainer().capturing(APP).withTlsKeys("/tmp/keys.log")) {
        ringtap.start();
        APP.shell("echo CLIENT_RANDOM 00 11 > /tmp/keys.log");
        NumberedFrames.send(APP, 1, frames);
      }
    }
  }

  /** Containers that Testcontainers starts and stops. */
  @ExtendWith(KeepPackets.class)
  @Testcontainers
  static class Fields {
    @Container final RingtapContainer ringtap = new RingtapContainer().capturing(APP);

    @Test
    void fails() throws Exception {
      NumberedFrames.send(APP, 1, 2);
      fail("as it should");
    }
  }

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    APP.start();
  }

  @AfterAll
  static void stop() {
    APP.stop();
  }

  /** Returns what it printed on standard error. */
  private String run(Class<?> tests, String method, int failures) {
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request()
                  .selectors(selectMethod(tests, method))
                  .configurationParameter("ringtap.packets.directory", directory.toString())
                  .build(),
              summary);
    } finally {
      System.setErr(err);
    }
    assertThat(summary.getSummary().getTestsFoundCount()).isEqualTo(1);
    assertThat(summary.getSummary().getTotalFailureCount()).isEqualTo(failures);
    return printed.toString(StandardCharsets.UTF_8);
  }

  private void assertKept(String printed, String test, int frames) throws Exception {
    Path file = directory.resolve(test + ".pcapng");
    assertThat(new String(Files.readAllBytes(file), ISO_8859_1))
        .contains(test + " failed at 20")
        .contains(APP.getContainerInfo().getName().substring(1) + "/eth0");
    assertThat(printed)
        .contains("ringtap: packets of " + test + ": tshark -r " + file)
        .containsPattern("UDP +.*:9 ");
    assertThat(NumberedFrames.in(Dump.of(file, RingtapContainer.IMAGE, NumberedFrames.FILTER)))
        .isEqualTo(NumberedFrames.upTo(frames));
  }

  @Test
  void aTestThatFailsKeepsThePacketsOfWhatItStarted() throws Exception {
    assertKept(run(Local.class, "fails", 1), "Local.fails", 3);
    assertThat(Files.readString(directory.resolve("Local.fails.pcapng"), ISO_8859_1))
        .contains("CLIENT_RANDOM 00 11\n");
  }

  @Test
  void aTestThatFailsKeepsThePacketsOfFields() throws Exception {
    assertKept(run(Fields.class, "fails", 1), "Fields.fails", 2);
  }

  @Test
  void aTestThatPassesLeavesNothing() throws Exception {
    assertThat(run(Local.class, "passes", 0)).doesNotContain("ringtap:");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }
}
