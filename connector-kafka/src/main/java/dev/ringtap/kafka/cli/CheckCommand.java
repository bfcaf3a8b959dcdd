package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.agent.InterfaceSelection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code ringtap check}: whether this machine can capture, and what stands in the way. */
@Command(
    name = "check",
    description =
        "Checks kernel, permission, interfaces, memory and a configuration file, and names the fix"
            + " for each problem.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  /** PACKET_IGNORE_OUTGOING, which the loopback needs, came with 4.20; TPACKET_V3 with 3.2. */
  private static final int[] OLDEST_KERNEL = {4, 20};

  private static final String WAITS = "; capture waits for it";

  @Option(
      names = {"-i", "--interface"},
      paramLabel = "NAME",
      description = "Checks this interface. Default: the first that is up, except loopback.")
  private @Nullable String interfaceName;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Checks this configuration file of capture, and the interfaces and the filter in it.")
  private @Nullable Path config;

  private int exitCode = ExitCode.OK;

  @Override
  public Integer call() throws IOException {
    checkKernel();
    checkMemory();
    CaptureArguments asked = config == null ? null : checkConfig(config);
    try {
      if (asked == null || asked.interfaces.isEmpty()) {
        checkInterfaces(asked);
      } else {
        CaptureConfig options = asked.flags.toConfig(asked.interfaces.get(0)).build();
        options.<Boolean, IOException>inNamespace(
            () -> {
              checkInterfaces(asked);
              return true;
            });
      }
    } catch (CaptureException e) {
      if (asked != null && asked.waits && e.isInterfaceAway()) {
        warn("interface", e.getMessage() + WAITS);
      } else {
        fail(e);
      }
    } catch (AgentException e) {
      if (asked != null && asked.waits) {
        warn("interface", AgentException.message(e) + WAITS);
      } else {
        fail("interface", AgentException.message(e), ExitCode.FAILED);
      }
    }
    return exitCode;
  }

  private void checkInterfaces(@Nullable CaptureArguments asked) throws IOException {
    for (CaptureInterface each : devices(asked)) {
      check(each);
      if (asked != null && asked.replay == null) {
        checkFilter(asked, each);
      }
    }
  }

  /** That of -i, those of the configuration, or the first that is up. */
  private List<CaptureInterface> devices(@Nullable CaptureArguments asked) throws IOException {
    if (asked == null || asked.interfaces.isEmpty()) {
      return List.of(
          interfaceName == null
              ? firstUp(CaptureInterface.list())
              : CaptureInterface.named(interfaceName));
    }
    List<CaptureInterface> devices = new ArrayList<>();
    for (String each :
        new InterfaceSelection(asked.interfaces, asked.excluded).required(asked.waits)) {
      devices.add(CaptureInterface.named(each));
    }
    return devices;
  }

  /** Says all that is wrong in the file; null if nothing in it can be used. */
  private @Nullable CaptureArguments checkConfig(Path path) {
    try {
      ConfigFile file = ConfigFile.read(path);
      List<String> problems = new ArrayList<>(file.problems());
      CaptureArguments read = read(file);
      read.problems().forEach(each -> problems.add(path + ": " + each));
      problems.addAll(problems(read.producerSettings()));
      problems.forEach(each -> fail("config", each, ExitCode.FAILED));
      if (problems.isEmpty()) {
        ok("config", path.toString());
      }
      return problems.isEmpty() ? read : null;
    } catch (IOException | ParameterException e) {
      fail("config", AgentException.message(e), ExitCode.FAILED);
      return null;
    }
  }

  /** The interface may be left to the command line. */
  private CaptureArguments read(ConfigFile file) {
    OptionDefaults defaults = new OptionDefaults(Map.of(), file);
    CaptureArguments read = CaptureCommand.parse(defaults, "capture");
    if (interfaceName == null && (!read.interfaces.isEmpty() || read.replay != null)) {
      return read;
    }
    String name = Objects.requireNonNullElse(interfaceName, CaptureInterface.ANY);
    return CaptureCommand.parse(defaults, "capture", "--interface", name);
  }

  private static List<String> problems(Properties producerSettings) {
    Map<String, String> settings = new TreeMap<>();
    producerSettings.forEach((key, value) -> settings.put(key.toString(), value.toString()));
    return ProducerConfig.configDef().validate(settings).stream()
        .filter(each -> settings.containsKey(each.name()))
        .flatMap(each -> each.errorMessages().stream())
        .map(each -> "Kafka producer: " + each)
        .toList();
  }

  private void checkFilter(CaptureArguments asked, CaptureInterface device) {
    try {
      asked.setup().program(device);
      ok("filter", asked.filterText().isEmpty() ? "none" : asked.filterText());
    } catch (IOException | ParameterException e) {
      fail("filter", AgentException.message(e), ExitCode.FAILED);
    }
  }

  private void check(CaptureInterface device) throws IOException {
    try {
      PacketCapture.require(device.name());
      ok("permission", "this process may open packet sockets");
      ok(
          "interface",
          device.isAny()
              ? "any stands for all interfaces"
              : device.name() + " is up, MTU " + device.mtuBytes());
      if (!device.isKnown()) {
        warn(
            "link type",
            "hardware type %s is not known; frames come without their own layer-2 header"
                .formatted(device.hardwareType()));
      }
    } catch (CaptureException e) {
      fail(e);
    }
    checkOffloads(device);
  }

  private void fail(CaptureException e) {
    boolean permission = e.reason() == CaptureException.Reason.NO_PERMISSION;
    fail(
        permission ? "permission" : "interface",
        AgentException.message(e),
        permission ? ExitCode.NO_PERMISSION : ExitCode.FAILED);
  }

  private static CaptureInterface firstUp(List<CaptureInterface> all) {
    return all.stream()
        .filter(each -> each.isUp() && !each.isLoopback())
        .findFirst()
        .orElse(all.get(0));
  }

  private void checkKernel() {
    String version = System.getProperty("os.version");
    Matcher numbers = Pattern.compile("(\\d+)\\.(\\d+).*").matcher(version);
    if (!numbers.matches()) {
      warn("kernel", "version '" + version + "' is not understood");
      return;
    }
    int major = Integer.parseInt(numbers.group(1));
    int minor = Integer.parseInt(numbers.group(2));
    if (major < OLDEST_KERNEL[0] || major == OLDEST_KERNEL[0] && minor < OLDEST_KERNEL[1]) {
      fail("kernel", version + " is older than 4.20; use a newer one", ExitCode.FAILED);
    } else {
      ok("kernel", version);
    }
  }

  private void checkMemory() throws IOException {
    long availableMib = PacketCapture.availableMemoryMib();
    int ringMib = Objects.requireNonNull(CaptureOption.RING_MIB.defaultValue());
    if (availableMib < 4L * ringMib) {
      warn(
          "memory",
          "%s MiB are available, little beside a ring of %s MiB; make it smaller with -B"
              .formatted(availableMib, ringMib));
    } else {
      ok("memory", availableMib + " MiB available, the ring takes " + ringMib + " MiB (-B)");
    }
    Path limit = Path.of("/sys/fs/cgroup/memory.max");
    if (Files.isReadable(limit)) {
      String bytes = Files.readString(limit).strip();
      if (!bytes.equals("max") && Long.parseLong(bytes) >> 20 < 512) {
        warn(
            "memory limit",
            ("this container may use %s MiB; the JVM and the producer's buffer want about 512,"
                    + " raise the limit or lower -X buffer.memory=")
                .formatted(Long.parseLong(bytes) >> 20));
      }
    }
  }

  private void checkOffloads(CaptureInterface device) throws IOException {
    List<String> on = device.superFrameOffloads();
    if (on.isEmpty()) {
      ok("offloads", "none on " + device.name() + " merges frames");
    } else {
      warn(
          "offloads",
          ("%s on %s may hand over many wire frames as one of up to 64 KiB; to see what was"
                  + " on the wire: ethtool -K %s %s off")
              .formatted(
                  String.join(", ", on), device.name(), device.name(), String.join(" off ", on)));
    }
  }

  private static void ok(String what, String found) {
    System.out.printf("ok    %-12s %s%n", what, found);
  }

  private static void warn(String what, String found) {
    System.out.printf("warn  %-12s %s%n", what, found);
  }

  private void fail(String what, String found, int code) {
    System.out.printf("FAIL  %-12s %s%n", what, found);
    exitCode = Math.max(exitCode, code);
  }
}
