package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.filter.TcpEndpointFilter;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/** A connector's or a task's configuration, read. Immutable and thread-safe. */
final class PacketSourceConfig extends AbstractConfig {
  /** The connector gives each task its number, which users do not set. */
  static final String TASK_NUMBER = "ringtap.task.number";

  /** The connector gives it to tasks whose group it chooses itself, with the group's number. */
  static final String FANOUT_OWNER = "ringtap.fanout.owner";

  /** Connect's own. */
  static final String CONNECTOR_NAME = "name";

  /** Connect's own. */
  static final String TASKS_MAX = "tasks.max";

  private static final int MOST_PORT = 65_535;

  PacketSourceConfig(Map<String, String> properties) {
    super(PacketSourceOptions.DEFINITION, properties, false);
  }

  boolean isFile() {
    return getString(PacketSourceOptions.FILE) != null;
  }

  boolean isSet(String option) {
    return originals().containsKey(option);
  }

  Path file() {
    return Path.of(getString(PacketSourceOptions.FILE));
  }

  String interfaceName() {
    return getString(CaptureOption.INTERFACE.name());
  }

  String connectorName() {
    Object name = originals().get(CONNECTOR_NAME);
    return name == null ? "" : name.toString();
  }

  int taskNumber() {
    return ownNumber(TASK_NUMBER);
  }

  private int ownNumber(String key) {
    Object number = originals().get(key);
    return number == null ? 0 : Integer.parseInt(number.toString());
  }

  /** The host of a file's frames; null for what the file says. */
  @Nullable String hostName() {
    return getString(CaptureOption.HOST_NAME.name());
  }

  /** Whether option hosts allows a host. */
  boolean mayRunOn(String host) {
    List<String> hosts = getList(PacketSourceOptions.HOSTS);
    return hosts.isEmpty() || hosts.stream().anyMatch(host::equalsIgnoreCase);
  }

  /** Where the schema is registered; empty without a registry. */
  Optional<SchemaTarget> schemaTarget() {
    return Optional.ofNullable(getPassword(PacketSourceOptions.REGISTRY))
        .map(
            url ->
                SchemaTarget.of(
                    url.value(),
                    getString(PacketSourceOptions.SUBJECT),
                    getString(PacketSourceOptions.TOPIC)));
  }

  /**
   * @param schemaId the schema's number in a registry; empty without one
   */
  RecordMaker recordMaker(OptionalInt schemaId) {
    return new RecordMaker(
        getString(PacketSourceOptions.TOPIC),
        RecordKey.valueOf(upper(PacketSourceOptions.KEY)),
        ValueFormat.valueOf(upper(PacketSourceOptions.VALUE_FORMAT)),
        schemaId);
  }

  private String upper(String option) {
    return getString(option).toUpperCase(Locale.ROOT);
  }

  /** The capture options that are set, and the task's number as the member's. */
  CaptureConfig.Builder capture() {
    CaptureConfig.Builder capture =
        CaptureConfig.on(interfaceName()).member(taskNumber()).fanoutOwner(ownNumber(FANOUT_OWNER));
    for (CaptureOption<?> option : CaptureOption.ALL) {
      if (isSet(option.name())) {
        set(capture, option);
      }
    }
    return capture;
  }

  private <T> void set(CaptureConfig.Builder capture, CaptureOption<T> option) {
    capture.set(option, option.parse(String.valueOf(get(option.name()))));
  }

  /**
   * The whole capture, its filter compiled for the interface.
   *
   * @throws IOException if the filter cannot be compiled
   * @throws ConfigException if bpf or exclude.servers is wrong
   */
  CaptureConfig filteredCapture(CaptureInterface device) throws IOException {
    CaptureConfig capture = filtered(capture().build(), device);
    List<InetSocketAddress> servers = excludedServers();
    if (servers.isEmpty()) {
      return capture;
    }
    try {
      return capture.withFilter(
          TcpEndpointFilter.refuse(servers, device.ethernetHeaderBytes(), capture.kernelProgram()));
    } catch (IllegalArgumentException e) {
      throw refused(
          PacketSourceOptions.EXCLUDE_SERVERS,
          "%s addresses make the filter too long for the kernel (%s); name fewer"
              .formatted(servers.size(), e.getMessage()));
    }
  }

  private CaptureConfig filtered(CaptureConfig capture, CaptureInterface device)
      throws IOException {
    if (isSet(PacketSourceOptions.FILTER)) {
      return capture.withFilter(
          capture.inNamespace(
              () ->
                  FilterCompiler.system()
                      .compileLive(
                          getString(PacketSourceOptions.FILTER),
                          device.name(),
                          device.linkType(),
                          capture.snapLengthBytes())));
    }
    return isSet(PacketSourceOptions.BPF) ? capture.withFilter(bpf()) : capture;
  }

  /**
   * The filter for a file's frames, null if all are kept.
   *
   * @throws FilterException if the expression does not fit the file's first frames
   */
  @Nullable FrameFilter fileFilter() throws IOException {
    if (isSet(PacketSourceOptions.BPF)) {
      return FrameFilter.of(bpf());
    }
    return isSet(PacketSourceOptions.FILTER)
        ? FrameFilter.of(getString(PacketSourceOptions.FILTER), CaptureOption.MAX_SNAP_LENGTH_BYTES)
        : null;
  }

  /** Opens the file from its start, to see whether it can be. */
  CaptureFile openFile() throws IOException {
    if (!Files.isRegularFile(file())) {
      throw new IOException(
          file()
              + (Files.exists(file()) ? " is no regular file" : ": no such file")
              + " on this worker; tasks may run on any of them, each must have it");
    }
    return CaptureFile.open(file());
  }

  /** The program of option bpf: its text, or that of the file that it names. */
  private BpfProgram bpf() {
    String value = getString(PacketSourceOptions.BPF).strip();
    boolean isText = Character.isDigit(value.charAt(0));
    try {
      return isText ? BpfProgram.parse(value) : BpfProgram.read(Path.of(value));
    } catch (IllegalArgumentException e) {
      throw refused(PacketSourceOptions.BPF, AgentException.message(e));
    } catch (IOException e) {
      throw refused(
          PacketSourceOptions.BPF,
          AgentException.message(e)
              + "; expected what `tcpdump -ddd EXPRESSION` prints, or a file with that");
    }
  }

  private List<InetSocketAddress> excludedServers() {
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String each : getList(PacketSourceOptions.EXCLUDE_SERVERS)) {
      int colon = each.lastIndexOf(':');
      int port = colon < 1 ? 0 : port(each.substring(colon + 1));
      if (port < 1 || port > MOST_PORT) {
        throw refused(
            PacketSourceOptions.EXCLUDE_SERVERS,
            "'" + each + "' is not HOST:PORT with a port from 1 to " + MOST_PORT);
      }
      String host = each.substring(0, colon).replaceAll("[\\[\\]]", "");
      try {
        for (InetAddress address : InetAddress.getAllByName(host)) {
          servers.add(new InetSocketAddress(address, port));
        }
      } catch (UnknownHostException e) {
        throw refused(
            PacketSourceOptions.EXCLUDE_SERVERS,
            "host '" + host + "' is not known; name one that this worker can resolve");
      }
    }
    return servers;
  }

  private static int port(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static ConfigException refused(String option, String why) {
    return new ConfigException(option + ": " + why);
  }
}
