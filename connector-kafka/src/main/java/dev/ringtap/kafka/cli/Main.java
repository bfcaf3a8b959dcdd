package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.logging.LogManager;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** The {@code ringtap} command. */
@Command(
    name = "ringtap",
    description = "Live layer-2 packets into Kafka topics.",
    mixinStandardHelpOptions = true,
    subcommands = BrokerCommand.class)
public final class Main {
  private Main() {}

  /** Runs one command and exits: 0 all well, 1 something failed, 2 bad usage. */
  public static void main(String[] args) throws IOException {
    configureLogging();
    CommandLine command = new CommandLine(new Main());
    command.setExecutionExceptionHandler(
        (failure, failed, result) -> {
          // What fails for a reason the user can know says so itself; anything else is a bug.
          if (failure instanceof IOException) {
            failed.getErr().println("ringtap: " + failure.getMessage());
          } else {
            failed.getErr().println("ringtap: " + failure);
          }
          return ExitCode.SOFTWARE;
        });
    if (args.length == 0) {
      command.usage(System.err);
      System.exit(ExitCode.USAGE);
    }
    System.exit(command.execute(args));
  }

  /** Ours unless the user has named another file. */
  private static void configureLogging() throws IOException {
    if (System.getProperty("java.util.logging.config.file") == null) {
      try (InputStream properties = Main.class.getResourceAsStream("/logging.properties")) {
        LogManager.getLogManager().readConfiguration(properties);
      }
    }
  }
}
