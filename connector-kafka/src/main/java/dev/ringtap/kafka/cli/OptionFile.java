package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Files that options name, with errors that name the option. */
final class OptionFile {
  private OptionFile() {}

  /** All of a file's text. */
  static String text(String option, Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      String why = e instanceof NoSuchFileException ? "no such file" : e.getMessage();
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
