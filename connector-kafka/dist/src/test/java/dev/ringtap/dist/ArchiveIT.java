package dev.ringtap.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Test
  void manualPageIsValid() throws Exception {
    Requirements.programs("mandoc");
    execute("mandoc", "-Tlint", "-Wwarning", home.resolve("man/ringtap.1.gz").toString());
  }
}
