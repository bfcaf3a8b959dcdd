package dev.ringtap.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The archive, unpacked where the path has a blank. */
@Timeout(300)
class ArchiveIT {
  private static final int SECONDS = 60;

  @TempDir static Path directory;

  private static Path home;

  @BeforeAll
  static void unpack() throws Exception {
    Requirements.programs("tar");
    Path archive;
    try (var built = Files.newDirectoryStream(Path.of("target"), "ringtap-*.tar.gz")) {
      archive = built.iterator().next();
    }
    Path there = Files.createDirectory(directory.resolve("a place"));
    execute("tar", "--extract", "--file=" + archive, "--directory=" + there);
    try (Stream<Path> unpacked = Files.list(there)) {
      home = unpacked.findAny().orElseThrow();
    }
  }

  private static String execute(String... command) throws Exception {
    return Machine.execute(SECONDS, command);
  }

  @Test
  void runsByLinkWithoutAnotherJava() throws Exception {
    Path link = directory.resolve("ringtap");
    Files.createSymbolicLink(link, home.resolve("bin/ringtap"));
    String version = home.getFileName().toString().replaceFirst("ringtap-", "");
    assertThat(execute("env", "--unset=JAVA_HOME", link.toString(), "--version"))
        .isEqualTo("ringtap " + version + "\n");
  }

  @Test
  void runtimeHasTheModulesThatJdepsFinds() throws Exception {
    StringWriter found = new StringWriter();
    PrintWriter out = new PrintWriter(found);
    String version = Integer.toString(Runtime.version().feature());
    try (var jar = Files.newDirectoryStream(home.resolve("lib"), "connector-kafka-*.jar")) {
      int status =
          ToolProvider.findFirst("jdeps")
              .orElseThrow()
              .run(
                  out,
                  out,
                  "--print-module-deps",
                  "--ignore-missing-deps",
                  "--multi-release=" + version,
                  "--class-path=" + home.resolve("lib") + "/*",
                  jar.iterator().next().toString());
      assertThat(status).as(found.toString()).isZero();
    }
    assertThat(execute(home.resolve("runtime/bin/java").toString(), "--list-modules").lines())
        .map(module -> module.replaceFirst("@.*", ""))
        .contains(found.toString().strip().split(","));
  }

  private static List<String> jars(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(each -> each.endsWith(".jar"))
          .toList();
    }
  }

  private static Process ringtap(Path err, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(home.resolve("bin/ringtap").toString()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(err.toFile()).start();
  }

  @Test
  void theBrokerStartsFromJarsOfItsOwnThatMayBeMissing() throws Exception {
    Path jars = home.resolve("lib/broker");
    assertThat(jars(jars))
        .anyMatch(each -> each.startsWith("scala-library"))
        .anyMatch(each -> each.startsWith("kafka_2.13"))
        .doesNotContainAnyElementsOf(jars(home.resolve("lib")));
    Path err = directory.resolve("broker.err");
    Process broker = ringtap(err, "broker", "--port", "0", "--dir", directory + "/data");
    try (BufferedReader out = broker.inputReader()) {
      assertThat(out.readLine()).as(Files.readString(err)).startsWith("broker on ");
    } finally {
      broker.destroy();
      broker.waitFor();
    }

    Path aside = Files.move(jars, directory.resolve("aside"));
    try {
      for (String command : List.of("broker", "demo", "capture")) {
        String[] arguments =
            command.equals("capture")
                ? new String[] {command, "-i", "any"}
                : new String[] {command};
        assertThat(ringtap(err, arguments).waitFor()).as(command).isEqualTo(1);
        assertThat(Files.readString(err))
            .contains("ringtap: cannot start the embedded broker: its jars (lib/broker) are not");
      }
    } finally {
      Files.move(aside, jars);
    }
  }

  @Test
  void manualPageIsValid() throws Exception {
    Requirements.programs("mandoc");
    execute("mandoc", "-Tlint", "-Wwarning", home.resolve("man/ringtap.1.gz").toString());
  }
}
