package dev.ringtap.kafka.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LauncherIT {
  @TempDir Path directory;

  @Test
  void printsHelpOnStdout() throws Exception {
    Launcher.Result result = Launcher.run(Launcher.SCRIPT, Map.of(), "broker", "--help");

    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("--port", "9092", "--dir", "${XDG_STATE_HOME:-");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void worksThroughSymbolicLinks() throws Exception {
    Path first = Files.createSymbolicLink(directory.resolve("first"), Launcher.SCRIPT);
    Path bin = Files.createDirectory(directory.resolve("a bin"));
    Path second =
        Files.createSymbolicLink(
            bin.resolve("ringtap"), Path.of("..").resolve(first.getFileName()));

    assertThat(Launcher.run(second, Map.of(), "broker", "--help").status()).isZero();
  }

  @Test
  void usageErrorsExitWith2() throws Exception {
    Launcher.Result option = Launcher.run(Launcher.SCRIPT, Map.of(), "broker", "--nonsense");
    assertThat(option.status()).isEqualTo(2);
    assertThat(option.err()).contains("--nonsense");
    assertThat(option.out()).isEmpty();

    Launcher.Result port = Launcher.run(Launcher.SCRIPT, Map.of(), "broker", "--port", "70000");
    assertThat(port.status()).isEqualTo(2);
    assertThat(port.err()).contains("70000", "0..65535");
  }

  @Test
  void failuresExitWith1AndOneSentence() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    Launcher.Result result =
        Launcher.run(Launcher.SCRIPT, Map.of(), "broker", "--port", "0", "--dir", file + "/broker");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err().lines())
        .singleElement()
        .asString()
        .startsWith("ringtap: Cannot keep the broker's data in " + file + "/broker");
  }

  @Test
  void endsWhereThereIsNoMemory() throws Exception {
    Launcher.Result result =
        Launcher.run(
            Launcher.SCRIPT,
            Map.of("RINGTAP_JAVA_OPTS", "-Xmx6m"),
            "broker",
            "--port",
            "0",
            "--dir",
            directory.resolve("broker").toString());

    assertThat(result.status()).as(result.err()).isEqualTo(3);
    assertThat(result.out()).contains("java.lang.OutOfMemoryError");
  }

  @Test
  void namesTheJavaThatIsNone() throws Exception {
    Launcher.Result result =
        Launcher.run(Launcher.SCRIPT, Map.of("RINGTAP_JAVA", "/no/such/java"), "--help");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err().lines())
        .singleElement()
        .asString()
        .contains("RINGTAP_JAVA is /no/such/java", "JDK 25 or newer");
  }

  @Test
  void namesTheReleaseOfAJavaThatIsTooOld() throws Exception {
    Path old = fakeJava("1.8.0_402");

    Launcher.Result result =
        Launcher.run(Launcher.SCRIPT, Map.of("RINGTAP_JAVA", old.toString()), "--help");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err().lines())
        .singleElement()
        .asString()
        .contains("RINGTAP_JAVA is " + old, "'8'", "JDK 25 or newer");
  }

  @Test
  void passesOverAnOldJavaHome() throws Exception {
    Path old = fakeJava("17.0.15");
    Path home = Files.createDirectories(directory.resolve("home"));
    Path jdk = Files.createDirectories(home.resolve(".jdks"));
    Files.createSymbolicLink(jdk.resolve("jdk"), Path.of(System.getProperty("java.home")));

    Launcher.Result result =
        Launcher.run(
            Launcher.SCRIPT,
            Map.of(
                "RINGTAP_JAVA",
                "",
                "JAVA_HOME",
                old.getParent().getParent().toString(),
                "HOME",
                home.toString()),
            "--help");

    assertThat(result.status()).isZero();
    assertThat(result.err()).isEmpty();
  }

  @Test
  void brokerRunsUntilItIsToldToEnd() throws Exception {
    Path err = directory.resolve("err");
    Process process =
        Launcher.start(
            Launcher.SCRIPT,
            err,
            Map.of("XDG_STATE_HOME", directory.toString()),
            "broker",
            "--port",
            "0");
    try {
      assertThat(Launcher.awaitBroker(process)).matches("127\\.0\\.0\\.1:\\d+");
      assertThat(directory.resolve("ringtap").resolve("broker")).isDirectory();

      process.destroy();

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(Files.readAllLines(err)).containsExactly(BrokerCommand.SERVES_ALL_USERS);
    } finally {
      process.destroyForcibly();
    }
  }

  /** A copy of the command in a project of its own, as if built; its target directory. */
  private Path copy() throws IOException {
    Path module = Files.createDirectories(directory.resolve("project").resolve("module"));
    Path script = Files.createDirectory(module.resolve("bin")).resolve("ringtap");
    Files.copy(Launcher.SCRIPT, script, StandardCopyOption.COPY_ATTRIBUTES);
    Path target = Files.createDirectories(module.resolve("target").resolve("lib")).getParent();
    Files.createFile(target.resolve("connector-kafka.jar"));
    return target;
  }

  @Test
  void buildsAgainWhenASourceIsNewer() throws Exception {
    Path target = copy();
    Path jar = target.resolve("connector-kafka.jar");
    Path script = target.resolveSibling("bin").resolve("ringtap");
    Path project = target.getParent().getParent();
    Path builds = directory.resolve("builds");
    executable(project.resolve("mvnw"), "#!/bin/sh\necho \"$*\" >>" + builds + "\n");
    Path source =
        Files.createDirectories(project.resolve("ring-core").resolve("src").resolve("main"))
            .resolve("Frame.java");
    Files.createFile(source);
    Map<String, String> java = Map.of("RINGTAP_JAVA", fakeJava("25.0.3").toString());

    Files.setLastModifiedTime(jar, FileTime.fromMillis(2_000));
    Files.setLastModifiedTime(source, FileTime.fromMillis(1_000));
    assertThat(Launcher.run(script, java, "check").err()).isEmpty();
    assertThat(builds).doesNotExist();

    Files.setLastModifiedTime(source, FileTime.fromMillis(3_000));
    assertThat(Launcher.run(script, java, "check").err()).contains("the sources are newer");
    assertThat(builds).content().contains("-pl connector-kafka -am package").hasLineCount(1);

    assertThat(Launcher.run(script, java, "check").err()).isEmpty();
    assertThat(builds).content().hasLineCount(1);
  }

  @Test
  void doesNotBuildAsRootWhatAnotherUserOwns() throws Exception {
    Path target = copy();
    Path project = target.getParent().getParent();
    assumeTrue((Integer) Files.getAttribute(project, "unix:uid") == 0, "needs root for chown");
    Path builds = directory.resolve("builds");
    executable(project.resolve("mvnw"), "#!/bin/sh\necho \"$*\" >>" + builds + "\n");
    Files.delete(target.resolve("connector-kafka.jar"));
    Files.setAttribute(project, "unix:uid", 10_001);

    Launcher.Result result =
        Launcher.run(
            target.resolveSibling("bin").resolve("ringtap"),
            Map.of("RINGTAP_JAVA", fakeJava("25.0.3").toString()),
            "check");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err().lines())
        .singleElement()
        .asString()
        .startsWith("ringtap: cannot build as root in " + project);
    assertThat(builds).doesNotExist();
  }

  @Test
  void takesFurtherJars() throws Exception {
    Path target = copy();
    Path java = fakeJava("25.0.3", "echo \"$*\"");

    Launcher.Result result =
        Launcher.run(
            target.resolveSibling("bin").resolve("ringtap"),
            Map.of("RINGTAP_JAVA", java.toString(), "RINGTAP_CLASSPATH", "/a.jar:/b.jar"),
            "broker");

    assertThat(result.out())
        .contains(
            "-cp %s:%s/*:/a.jar:/b.jar "
                .formatted(target.resolve("connector-kafka.jar"), target.resolve("broker")))
        .doesNotContain("AutoCreate");
  }

  @Test
  void ofSeveralThatRunOneMakesTheArchiveOfClasses() throws Exception {
    Path target = copy();
    Path script = target.resolveSibling("bin").resolve("ringtap");

    try (RunningJava first = new RunningJava(script)) {
      assertThat(first.arguments()).contains("-XX:+AutoCreateSharedArchive");
      try (RunningJava second = new RunningJava(script)) {
        assertThat(second.arguments()).doesNotContain("SharedArchive");
      }
      Files.createFile(target.resolve("ringtap.jsa"));
      try (RunningJava third = new RunningJava(script)) {
        assertThat(third.arguments())
            .contains("-XX:SharedArchiveFile=" + target.resolve("ringtap.jsa"))
            .doesNotContain("AutoCreate");
      }
    }
    try (RunningJava next = new RunningJava(script)) {
      assertThat(next.arguments()).contains("-XX:+AutoCreateSharedArchive");
    }
  }

  /** A program in place of the JVM that tells how it was started and runs until it is closed. */
  private final class RunningJava implements AutoCloseable {
    private final Process process;

    RunningJava(Path script) throws IOException {
      Path java = fakeJava("25.0.3", "echo \"$*\"; read -r line");
      process =
          Launcher.start(
              script, directory.resolve("err"), Map.of("RINGTAP_JAVA", java.toString()), "broker");
    }

    String arguments() throws IOException {
      return process.inputReader(UTF_8).readLine();
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
      process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }
  }

  private Path fakeJava(String version) throws IOException {
    return fakeJava(version, ":");
  }

  /**
   * @param run what it does when it is not asked for its version
   */
  private Path fakeJava(String version, String run) throws IOException {
    Path bin = Files.createDirectories(directory.resolve(version).resolve("bin"));
    Path java = bin.resolve("java");
    Files.writeString(
        java,
        "#!/bin/sh\nif [ \"$1\" = -version ]; then echo 'openjdk version \"%s\"' >&2; else %s; fi\n"
            .formatted(version, run));
    return Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
