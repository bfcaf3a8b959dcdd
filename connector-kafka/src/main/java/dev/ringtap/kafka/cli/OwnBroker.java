package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.embedded.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Starts the embedded broker, which is not part of every installation. */
final class OwnBroker {
  /** Asked before {@link EmbeddedBroker} is linked, which fails without it. */
  private static final String SERVER_CLASS = "kafka.server.BrokerServer";

  private OwnBroker() {}

  /**
   * As {@link EmbeddedBroker#start(Path, int)}.
   *
   * @param directory null for the default one
   * @throws IOException if it cannot start, or is not installed; the message says what to do
   */
  static EmbeddedBroker start(@Nullable Path directory, int port) throws IOException {
    try {
      Class.forName(SERVER_CLASS, false, OwnBroker.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IOException(
          "cannot start the embedded broker: its jars (lib/broker) are not installed; capture into"
              + " another one with -b HOST:PORT",
          e);
    }
    return EmbeddedBroker.start(
        directory == null ? EmbeddedBroker.defaultDirectory() : directory, port);
  }
}
