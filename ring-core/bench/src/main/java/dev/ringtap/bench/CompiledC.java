package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The C sources of ring-core's {@code bench/c}, compiled by gcc as one would compile them for
 * production.
 */
public final class CompiledC {
  private static final Path SOURCES = Path.of("..", "ring-core", "bench", "c").toAbsolutePath();
  private static final Path BUILT = Path.of("target", "bench-c").toAbsolutePath();

  private CompiledC() {}

  /**
   * Compiles one file.
   *
   * @param source its name, such as {@code frames.c}
   * @param options further options, {@code -shared} or libraries
   * @return what was built
   * @throws IOException if there is no gcc, or it fails; the message has what it said
   */
  public static Path build(String source, String... options) throws IOException {
    Path built = BUILT.resolve(ProcessHandle.current().pid() + "-" + source.replace(".c", ""));
    BUILT.toFile().mkdirs();
    built.toFile().deleteOnExit();
    List<String> command = new ArrayList<>(List.of("gcc", "-O3", "-Wall", "-Wextra", "-Werror"));
    command.addAll(List.of("-o", built.toString(), SOURCES.resolve(source).toString()));
    command.addAll(List.of(options));
    Process gcc;
    try {
      gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new IOException("cannot start gcc; on Debian: apt install gcc libc6-dev", e);
    }
    String said = new String(gcc.getInputStream().readAllBytes());
    try {
      if (gcc.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + " failed:\n" + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return built;
  }
}
