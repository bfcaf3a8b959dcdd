package dev.ringtap.kafka.bench;

import dev.ringtap.bench.CompiledC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Lets UDP frames come in at an interface, of random flows, their payloads random: several times as
 * many as can be sent over a virtual wire.
 */
final class Injector implements AutoCloseable {
  private final Path program = CompiledC.build("injector.c");
  private final Path frameFile = Files.createTempFile("ringtap-bench", ".frame");
  private final String interfaceName;
  private final int flows;

  Injector(String interfaceName, byte[] frame, int flows) throws IOException {
    this.interfaceName = interfaceName;
    this.flows = flows;
    Files.write(frameFile, frame);
  }

  /**
   * Injects for a while.
   *
   * @return frames per second, less than asked for where the core does not manage more
   */
  double inject(long framesPerSecond, int millis) throws IOException {
    long frames = Math.max(1, framesPerSecond * millis / 1000);
    List<String> command =
        List.of(
            program.toString(),
            interfaceName,
            Long.toString(frames),
            Long.toString(framesPerSecond),
            frameFile.toAbsolutePath().toString(),
            Integer.toString(flows));
    try (Program injecting = Program.start(Core.SURROUNDINGS, command)) {
      injecting.awaitSuccess();
      return frames * 1e9 / Long.parseLong(injecting.printed().strip());
    }
  }

  @Override
  public void close() throws IOException {
    Files.delete(frameFile);
  }
}
