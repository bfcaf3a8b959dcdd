package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka Connect source of layer-2 frames: of a live interface, whose frames {@code tasks.max} tasks
 * share as a fanout group, or of a capture file, which one task replays exactly.
 *
 * <p>Connect calls it from one thread at a time.
 */
public final class PacketSourceConnector extends SourceConnector {
  private static final Logger LOG = LoggerFactory.getLogger(PacketSourceConnector.class);

  /** Less than the 90 s after which Connect's REST API gives up. */
  private static final long VALIDATE_MILLIS = 5000;

  private static final int MAX_FANOUT_GROUP = 65_535;

  private PacketSourceConfig config;

  /** Made by Connect. */
  public PacketSourceConnector() {}

  /** The version of the package. */
  @Override
  public String version() {
    return PacketSourceOptions.version();
  }

  @Override
  public void start(Map<String, String> settings) {
    config = new PacketSourceConfig(settings);
  }

  @Override
  public Class<? extends Task> taskClass() {
    return PacketSourceTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    int tasks = config.isFile() ? 1 : maxTasks;
    // the same for all tasks, on each host and after each restart
    CRC32 hash = new CRC32();
    hash.update(config.connectorName().getBytes(StandardCharsets.UTF_8));
    int group = 1 + (int) (hash.getValue() % MAX_FANOUT_GROUP);
    int owner = 1 + (int) (hash.getValue() / MAX_FANOUT_GROUP % CaptureConfig.MAX_FANOUT_OWNER);
    List<Map<String, String>> configs = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      Map<String, String> task = new HashMap<>(config.originalsStrings());
      task.put(PacketSourceConfig.TASK_NUMBER, Integer.toString(i));
      if (tasks > 1 && config.getInt(CaptureOption.FANOUT_GROUP.name()) == 0) {
        task.put(CaptureOption.FANOUT_GROUP.name(), Integer.toString(group));
        task.put(PacketSourceConfig.FANOUT_OWNER, Integer.toString(owner));
      }
      configs.add(task);
    }
    return configs;
  }

  @Override
  public void stop() {
    // the tasks hold all there is
  }

  @Override
  public ConfigDef config() {
    return PacketSourceOptions.DEFINITION;
  }

  /** Checks each option, all together, and then tries the live system for 5 s at most. */
  @Override
  public Config validate(Map<String, String> settings) {
    Config checked = super.validate(settings);
    new ConfigCheck(settings, checked, VALIDATE_MILLIS).run();
    return checked;
  }

  @Override
  public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> settings) {
    if (settings.get(PacketSourceOptions.FILE) != null) {
      return ExactlyOnceSupport.SUPPORTED;
    }
    LOG.info(
        "exactly-once is not supported for an interface: frames on a wire cannot be asked for"
            + " again; it is for capture files (option file)");
    return ExactlyOnceSupport.UNSUPPORTED;
  }

  /**
   * Accepts offsets of the configured file, as {@code {"frame": 1000}} or as the connector writes
   * them, and the removal of any.
   */
  @Override
  public boolean alterOffsets(
      Map<String, String> settings, Map<Map<String, ?>, Map<String, ?>> offsets) {
    String path = settings.get(PacketSourceOptions.FILE);
    offsets.forEach(
        (partition, offset) -> {
          if (offset == null) {
            return;
          }
          if (path == null) {
            throw new ConnectException(
                "a capture of an interface has no offsets to set; remove it from " + partition);
          }
          if (!partition.equals(Map.of(FilePosition.FILE, path))) {
            throw new ConnectException(
                "partition %s is not this connector's; expected {\"file\": \"%s\"}"
                    .formatted(partition, path));
          }
          FilePosition.of(offset);
        });
    return true;
  }
}
