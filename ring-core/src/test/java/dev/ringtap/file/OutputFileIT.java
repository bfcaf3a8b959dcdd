package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files and links of another user, in a directory like /tmp. */
@Timeout(10)
class OutputFileIT {
  private static final int NOBODY = 65_534;

  @TempDir Path directory;

  private Path shared;
  private Path victim;

  @BeforeEach
  void makeDirectory() throws IOException {
    assumeTrue((Integer) Files.getAttribute(directory, "unix:uid") == 0, "needs root for chown");
    shared = Files.createDirectory(directory.resolve("shared"));
    Files.setAttribute(shared, "unix:mode", 01777);
    victim = Files.writeString(directory.resolve("victim"), "precious");
  }

  private static void giveAway(Path path) throws IOException {
    Files.setAttribute(path, "unix:uid", NOBODY, LinkOption.NOFOLLOW_LINKS);
  }

  private static void create(Path path) throws IOException {
    OutputFile.create(path).close();
  }

  @Test
  void anotherUsersLinkIsNotFollowed() throws IOException {
    Path link = Files.createSymbolicLink(shared.resolve("out.pcapng"), victim);
    giveAway(link);
    assertThatThrownBy(() -> create(link))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("belongs to user 65534");
    assertThatThrownBy(() -> PcapngWriter.create(link))
        .hasMessageContaining(link.toString())
        .hasMessageContaining("belongs to user 65534");
    assertThat(victim).hasContent("precious");
  }

  /** Anyone may make them of files on the same file system, unless the kernel protects them. */
  @Test
  void hardLinksAreNotWritten() throws IOException {
    Path link = Files.createLink(shared.resolve("out.pcapng"), victim);
    assertThatThrownBy(() -> create(link))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("has a hard link");
    Path toVictim = Files.createSymbolicLink(directory.resolve("link"), victim);
    Path hard = shared.resolve("hard");
    assumeTrue(
        new ProcessBuilder("ln", "-P", toVictim.toString(), hard.toString())
                .start()
                .onExit()
                .join()
                .exitValue()
            == 0,
        "needs ln -P");
    assertThatThrownBy(() -> create(hard)).hasMessageContaining("has a hard link");
    assertThat(victim).hasContent("precious");
  }

  @Test
  void anotherUsersFileIsNotWritten() throws IOException {
    Path file = Files.writeString(shared.resolve("report.json"), "his");
    giveAway(file);
    assertThatThrownBy(() -> create(file)).hasMessageContaining("belongs to user 65534");
    assertThat(file).hasContent("his");
  }

  @Test
  void ownFilesAndLinksAreWrittenAndNewOnesMade() throws IOException {
    create(Files.createSymbolicLink(shared.resolve("mine"), victim));
    assertThat(victim).isEmptyFile();
    Path old = Files.writeString(shared.resolve("old"), "old");
    create(old);
    assertThat(old).isEmptyFile();
    create(shared.resolve("new"));
    assertThat(shared.resolve("new")).isEmptyFile();
  }

  /** Who may delete what others put there need not be protected from it. */
  @Test
  void directoryOfOneUserIsLeftToHim() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), victim);
    giveAway(link);
    create(link);
    assertThat(victim).isEmptyFile();
  }
}
