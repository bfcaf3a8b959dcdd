package dev.ringtap.kafka.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Records as a payload file of ProducerPerformance. It reads text, so each byte loses its highest
 * bit: length, and what a compressor finds, stay.
 */
final class Payloads implements AutoCloseable {
  static final String DELIMITER = "~~ringtap~~";

  private final Path file;

  private Payloads(Path file) {
    this.file = file;
  }

  static Payloads of(List<byte[]> records) throws IOException {
    Path file = Files.createTempFile("ringtap-bench", ".payloads");
    try (OutputStream out = Files.newOutputStream(file)) {
      for (byte[] record : records) {
        byte[] text = record.clone();
        for (int i = 0; i < text.length; i++) {
          text[i] &= 0x7F;
        }
        out.write(text);
        out.write(DELIMITER.getBytes(StandardCharsets.US_ASCII));
      }
    }
    return new Payloads(file);
  }

  String file() {
    return file.toString();
  }

  @Override
  public void close() throws IOException {
    Files.delete(file);
  }
}
