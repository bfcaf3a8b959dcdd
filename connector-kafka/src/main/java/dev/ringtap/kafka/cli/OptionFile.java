package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Files that options name, with errors that name the option. */
final class OptionFile {
  private OptionFile() {}

  private static final int MAX_BYTES = 256 << 10;

  /**
   * All of a file's text.
   *
   * @throws IOException if it cannot be read, is longer than 256 KiB, or is not UTF-8; it may be a
   *     pipe
   */
  static String text(String option, Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("larger than 256 KiB");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IOException e) {
      String why =
          switch (e) {
            case NoSuchFileException missing -> "no such file";
            case CharacterCodingException wrong -> "not UTF-8";
            default -> e.getMessage();
          };
      throw new IOException(option + " " + file + ": " + why, e);
    }
  }

  /**
   * The settings of a properties file.
   *
   * @throws ParameterException if it is no such file
   */
  static Properties settings(CommandLine command, String option, Path file) throws IOException {
    Properties settings = new Properties();
    try {
      settings.load(new StringReader(text(option, file)));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command, option + " " + file + ": " + e.getMessage());
    }
    return settings;
  }
}
