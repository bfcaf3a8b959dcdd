package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureException;
import dev.ringtap.filter.FilterException;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.agent.CaptureAgent;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.logging.LogManager;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code ringtap} command. */
@Command(
    name = "ringtap",
    description = "Captures live layer-2 packets into Kafka topics.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all frames were acknowledged",
      "1:frames were not delivered, or the command failed",
      "2:usage error",
      "77:no permission to capture"
    },
    footer = {
      "%nEnvironment variables set options of capture only: RINGTAP_DRAIN_TIMEOUT sets",
      "--drain-timeout. @FILE reads arguments from a file."
    })
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) throws IOException {
    configureLogging();
    int code = ExitCode.FAILED;
    try {
      code = commandLine().execute(args.length == 0 ? new String[] {"--help"} : args);
    } catch (RuntimeException | Error e) {
      // picocli hands on what is no Exception; a signal's thread waits for the exit code
      System.err.print(TerminalText.trace(e));
    } finally {
      Shutdown.exit(code);
    }
  }

  /** The whole command line, as help and documentation show it. */
  static CommandLine commandLine() {
    return commandLine(System.getenv());
  }

  /** As {@link #commandLine()}, with these variables instead of the process's. */
  static CommandLine commandLine(Map<String, String> environment) {
    return commandLine(new OptionDefaults(environment, null));
  }

  /** As {@link #commandLine()}, with these values for what the command line of capture omits. */
  static CommandLine commandLine(OptionDefaults defaults) {
    CommandLine commands = new CommandLine(new Main());
    CommandLine capture = CaptureCommand.commandLine();
    commands.addSubcommand("capture", capture);
    commands.addSubcommand(new DumpCommand());
    commands.addSubcommand(new FlowsCommand());
    commands.addSubcommand(new CheckCommand());
    commands.addSubcommand(new InterfacesCommand());
    commands.addSubcommand(new BrokerCommand());
    commands.addSubcommand(new DemoCommand());
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.setExecutionExceptionHandler(Main::explain);
    commands.setParameterExceptionHandler((failure, arguments) -> explainUsage(failure));
    String version = "ringtap " + CaptureAgent.version();
    commands.getCommandSpec().version(version);
    commands.getSubcommands().values().forEach(each -> each.getCommandSpec().version(version));
    commands.setUsageHelpAutoWidth(true);
    commands.setExecutionStrategy(Main::execute);
    // for this command alone: `docker exec agent ringtap dump` must not write to the agent's -w
    capture.setDefaultValueProvider(defaults);
    return commands;
  }

  /**
   * Names the thread after the command: the name is in {@code /proc/PID/task/TID/comm}, where the
   * image's health check finds what the process does.
   */
  private static int execute(ParseResult parsed) {
    if (parsed.hasSubcommand()) {
      Thread.currentThread().setName(parsed.subcommand().commandSpec().name());
    }
    return new RunLast().execute(parsed);
  }

  /** One sentence, and where to read more, instead of the whole help. */
  private static int explainUsage(ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    command.getErr().println("ringtap: " + TerminalText.line(AgentException.message(failure)));
    if (command.getDefaultValueProvider() instanceof OptionDefaults defaults) {
      List<String> variables = defaults.used(command.getCommandSpec());
      if (!variables.isEmpty()) {
        command.getErr().println("set in the environment: " + String.join(" ", variables));
      }
    }
    if (!UnmatchedArgumentException.printSuggestions(failure, command.getErr())) {
      command.getErr().println("help: " + command.getCommandSpec().qualifiedName() + " --help");
    }
    return ExitCode.BAD_USAGE;
  }

  private static int explain(Exception failure, CommandLine command, ParseResult result) {
    if (failure instanceof FilterException filter
        && filter.reason() == FilterException.Reason.EXPRESSION) {
      return explainUsage(new ParameterException(command, filter.getMessage()));
    }
    LogFormat.fail(failure, command.getErr());
    return failure instanceof CaptureException captureException
            && captureException.reason() == CaptureException.Reason.NO_PERMISSION
        ? ExitCode.NO_PERMISSION
        : ExitCode.FAILED;
  }

  /** Ours unless the user has named another file. */
  private static void configureLogging() throws IOException {
    // a call of the class would initialize LogManager first, which then would be the JDK's
    if (System.getProperty("java.util.logging.manager") == null) {
      System.setProperty("java.util.logging.manager", KeptLogManager.class.getName());
    }
    if (System.getProperty("java.util.logging.config.file") == null) {
      try (InputStream properties = Main.class.getResourceAsStream("/logging.properties")) {
        LogManager.getLogManager().readConfiguration(properties);
      }
    }
    KeptLogManager.keep();
  }
}
