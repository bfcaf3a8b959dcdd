package dev.ringtap.capture;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/** A builder whose memory is unmapped at its end, as a ring is: malloc keeps what it gets back. */
public final class MappedBuilder {
  private MappedBuilder() {}

  /**
   * @param file open for reading and writing
   */
  public static BlockBuilder of(FileChannel file, int sizeBytes) throws IOException {
    Arena arena = Arena.ofShared();
    return new BlockBuilder(
        new BlockMemory(arena, file.map(MapMode.READ_WRITE, 0, sizeBytes, arena)));
  }
}
