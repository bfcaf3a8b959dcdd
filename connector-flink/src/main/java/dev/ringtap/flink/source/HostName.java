package dev.ringtap.flink.source;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;

/**
 * The name of a reader's host: records have it, and captures are given out and kept over restarts
 * by it.
 */
public final class HostName {
  /** Names the host in a TaskManager's configuration. */
  public static final ConfigOption<String> OPTION =
      ConfigOptions.key("ringtap.host-name")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Names the host of a TaskManager for captureOn, in records and in split ids.");

  private HostName() {}

  /**
   * Returns the first that is set of {@link #OPTION}, the environment's {@value
   * dev.ringtap.capture.HostName#VARIABLE} and the TaskManager's address, which a MiniCluster does
   * not set; otherwise {@code localhost}.
   *
   * @param taskManager the TaskManager's configuration
   * @param address the TaskManager's address as Flink knows it
   */
  public static String of(ReadableConfig taskManager, String address) {
    return of(taskManager, System.getenv(dev.ringtap.capture.HostName.VARIABLE), address);
  }

  static String of(ReadableConfig taskManager, String variable, String address) {
    return Stream.of(
            taskManager.getOptional(OPTION), Optional.ofNullable(variable), Optional.of(address))
        .flatMap(Optional::stream)
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .findFirst()
        .orElse("localhost");
  }
}
