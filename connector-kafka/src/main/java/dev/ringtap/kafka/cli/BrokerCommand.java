package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ringtap broker}: the embedded broker alone, until SIGINT or SIGTERM. */
@Command(
    name = "broker",
    description = "Runs a Kafka broker on 127.0.0.1 that keeps its data, until Ctrl-C.",
    mixinStandardHelpOptions = true)
public final class BrokerCommand implements Callable<Integer> {
  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "9092",
      description = "Listens on this TCP port; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = {
        "Keeps data in this directory, created if it is missing.",
        "Default: $${XDG_STATE_HOME:-$$HOME/.local/state}/ringtap/broker."
      })
  private @Nullable Path directory;

  /** Said wherever the embedded broker starts: the mode of its directory promises more. */
  static final String SERVES_ALL_USERS =
      "every user of this machine can read from and write to this broker; `ringtap capture -w FILE`"
          + " keeps frames in a file of your own";

  @Spec private CommandSpec spec;

  /**
   * @return 0 after a signal
   * @throws IOException if the broker cannot start or failed; the message is for the user
   */
  @Override
  public Integer call() throws IOException, InterruptedException {
    if (port < 0 || port > 65535) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '--port': " + port + " is not in 0..65535");
    }
    try (EmbeddedBroker broker = OwnBroker.start(directory, port)) {
      Shutdown.onSignal(() -> close(broker));
      System.err.println(SERVES_ALL_USERS);
      System.out.printf(
          "broker on %s, data in %s; Ctrl-C ends it%n",
          broker.bootstrapServers(), broker.directory());
      System.out.flush();
      broker.awaitEnd();
    }
    return ExitCode.OK;
  }

  private static void close(EmbeddedBroker broker) {
    try {
      broker.close();
    } catch (IOException e) {
      System.err.println(
          "ringtap: the broker did not end cleanly: "
              + TerminalText.line(AgentException.message(e)));
    }
  }
}
