package dev.ringtap.kafka.connect;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.TimestampType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.kafka.agent.AgentException;
import java.io.IOException;
import java.util.function.BiConsumer;
import org.apache.kafka.common.config.ConfigException;

/**
 * Tries a configuration on the system as it is now, and says which option is to blame. Nothing that
 * runs is disturbed: the trial captures nothing, and joins no group that others are in.
 */
final class LiveCheck {
  private static final int FIRST_FRAME_MILLIS = 1000;
  private static final int TRIAL_RING_MIB = 2;
  private static final int TRIAL_BLOCK_KIB = 512;

  private final PacketSourceConfig config;
  private final int tasks;
  private final BiConsumer<String, String> errors;

  private boolean namespaceIsGood;
  private boolean interfaceIsGood;

  /**
   * @param errors takes an option's name and what is wrong with it
   */
  LiveCheck(PacketSourceConfig config, int tasks, BiConsumer<String, String> errors) {
    this.config = config;
    this.tasks = tasks;
    this.errors = errors;
  }

  /** Tries it; may take as long as a name server does for a host name in a filter. */
  void run() {
    try {
      if (config.isFile()) {
        checkFile();
      } else {
        checkInterface();
      }
    } catch (FilterException e) {
      errors.accept(blamed(e), text(e));
    } catch (CaptureException e) {
      errors.accept(blamed(e), AgentException.message(e));
    } catch (ConfigException e) {
      errors.accept(blamedByName(e), AgentException.message(e));
    } catch (IOException e) {
      errors.accept(
          config.isFile() ? PacketSourceOptions.FILE : CaptureOption.INTERFACE.name(),
          AgentException.message(e));
    }
  }

  private void checkFile() throws IOException {
    FrameFilter filter = config.fileFilter();
    try (CaptureFile file = config.openFile();
        Block first = file.poll(FIRST_FRAME_MILLIS)) {
      if (filter != null && first != null) {
        filter.forLinkType(first.linkType());
      }
    }
  }

  private void checkInterface() throws IOException {
    CaptureConfig place = config.capture().build();
    CaptureInterface device =
        place.inNamespace(
            () -> {
              namespaceIsGood = true;
              return PacketCapture.require(config.interfaceName());
            });
    interfaceIsGood = true;
    CaptureConfig capture = config.filteredCapture(device);
    long wantedMib = (long) tasks * capture.get(CaptureOption.RING_MIB);
    long availableMib = PacketCapture.availableMemoryMib();
    if (wantedMib > availableMib) {
      errors.accept(
          CaptureOption.RING_MIB.name(),
          ("ring-size %s MiB for each of %s tasks; %s MiB of memory are available: choose a"
                  + " smaller ring or fewer tasks")
              .formatted(capture.get(CaptureOption.RING_MIB), tasks, availableMib));
    }
    CaptureConfig trial =
        capture.toBuilder()
            .filter(BpfProgram.REJECT)
            .set(CaptureOption.RING_MIB, TRIAL_RING_MIB)
            .set(CaptureOption.BLOCK_KIB, TRIAL_BLOCK_KIB)
            .set(CaptureOption.PROMISCUOUS, false)
            .set(CaptureOption.FANOUT_GROUP, 0)
            .build();
    boolean shared = tasks > 1 || capture.get(CaptureOption.FANOUT_GROUP) != 0;
    PacketCapture.openGroup(trial, shared ? 2 : 1).forEach(PacketCapture::close);
    checkFilter(capture, trial);
  }

  /** Whether the kernel takes the filter, on a capture that is in no group. */
  private static void checkFilter(CaptureConfig capture, CaptureConfig trial) throws IOException {
    PacketCapture.open(trial.withFilter(capture.kernelProgram())).close();
  }

  private static String text(FilterException e) {
    String message = AgentException.message(e);
    return e.reason() == FilterException.Reason.NO_LIBRARY
        ? message + " (here, that is option bpf)"
        : message;
  }

  private static String blamed(FilterException e) {
    return e.reason() == FilterException.Reason.INTERFACE
        ? CaptureOption.INTERFACE.name()
        : PacketSourceOptions.FILTER;
  }

  private String blamed(CaptureException e) {
    return switch (e.reason()) {
      case UNSUPPORTED_FILTER ->
          config.isSet(PacketSourceOptions.BPF)
              ? PacketSourceOptions.BPF
              : PacketSourceOptions.FILTER;
      case FANOUT_REFUSED ->
          config.isSet(CaptureOption.FANOUT_PROGRAM.name())
              ? CaptureOption.FANOUT_PROGRAM.name()
              : CaptureOption.FANOUT_MODE.name();
      case RING_TOO_LARGE -> CaptureOption.RING_MIB.name();
      default -> {
        if (!namespaceIsGood && config.isSet(CaptureOption.NETWORK_NAMESPACE.name())) {
          yield CaptureOption.NETWORK_NAMESPACE.name();
        }
        // an interface that a plain capture could be opened on fails for its clock
        yield interfaceIsGood
                && config.capture().build().get(CaptureOption.TIMESTAMP_TYPE) != TimestampType.HOST
            ? CaptureOption.TIMESTAMP_TYPE.name()
            : CaptureOption.INTERFACE.name();
      }
    };
  }

  private static String blamedByName(ConfigException e) {
    return AgentException.message(e).startsWith(PacketSourceOptions.BPF)
        ? PacketSourceOptions.BPF
        : PacketSourceOptions.EXCLUDE_SERVERS;
  }
}
