package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.PacketCapture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ringtap check}: whether this machine can capture, and what stands in the way. */
@Command(
    name = "check",
    description =
        "Checks kernel, permission, interface and memory, and names the fix for each problem.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  /** PACKET_IGNORE_OUTGOING, which the loopback needs, came with 4.20; TPACKET_V3 with 3.2. */
  private static final int[] OLDEST_KERNEL = {4, 20};

  @Option(
      names = {"-i", "--interface"},
      paramLabel = "NAME",
      description = "Checks this interface. Default: the first that is up, except loopback.")
  private String interfaceName;

  private int exitCode = Main.OK;

  @Override
  public Integer call() throws IOException {
    checkKernel();
    checkMemory();
    CaptureInterface device;
    try {
      device =
          interfaceName == null
              ? firstUp(CaptureInterface.list())
              : CaptureInterface.named(interfaceName);
    } catch (CaptureException e) {
      fail("interface", e.getMessage(), Main.FAILED);
      return exitCode;
    }
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
            "hardware type "
                + device.hardwareType()
                + " is not known; frames come without their own layer-2 header");
      }
    } catch (CaptureException e) {
      boolean permission = e.reason() == CaptureException.Reason.NO_PERMISSION;
      fail(
          permission ? "permission" : "interface",
          e.getMessage(),
          permission ? Main.NO_PERMISSION : Main.FAILED);
    }
    checkOffloads(device);
    return exitCode;
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
      fail("kernel", version + " is older than 4.20; use a newer one", Main.FAILED);
    } else {
      ok("kernel", version);
    }
  }

  private void checkMemory() throws IOException {
    long availableMib = PacketCapture.availableMemoryMib();
    int ringMib = CaptureOption.RING_MIB.defaultValue();
    if (availableMib < 4L * ringMib) {
      warn(
          "memory",
          availableMib
              + " MiB are available, little beside a ring of "
              + ringMib
              + " MiB; make it smaller with -B");
    } else {
      ok("memory", availableMib + " MiB available, the ring takes " + ringMib + " MiB (-B)");
    }
    Path limit = Path.of("/sys/fs/cgroup/memory.max");
    if (Files.isReadable(limit)) {
      String bytes = Files.readString(limit).strip();
      if (!bytes.equals("max") && Long.parseLong(bytes) >> 20 < 512) {
        warn(
            "memory limit",
            "this container may use "
                + (Long.parseLong(bytes) >> 20)
                + " MiB; the JVM and the producer's buffer want about 512, raise the limit or lower"
                + " -X buffer.memory=");
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
          String.join(", ", on)
              + " on "
              + device.name()
              + " may hand over many wire frames as one of up to 64 KiB; to see what was on the wire:"
              + " ethtool -K "
              + device.name()
              + " "
              + String.join(" off ", on)
              + " off");
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
