package dev.ringtap.flink.source;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.TimestampType;
import dev.ringtap.file.CaptureFile;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens what a split stands for, on the reader's host. It travels with the job. Thread-safe. */
final class SplitOpener implements Serializable {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(SplitOpener.class);

  /** Captures of all hosts that are not named. */
  static final String EVERY_HOST = "";

  private final Map<String, List<CaptureConfig>> captures;
  private final PacketFilter filter;
  private final @Nullable String fileHost;
  private final int fileSnapLength;
  private final boolean follow;
  private final boolean watermarks;

  /**
   * @param captures what to capture by host
   * @param fileHost the host in frames of files, or null for the one that the file tells
   * @param fileSnapLength most bytes of a file's payload
   * @param follow whether capture files may grow
   * @param watermarks whether splits have watermarks of their own
   */
  SplitOpener(
      Map<String, List<CaptureConfig>> captures,
      PacketFilter filter,
      @Nullable String fileHost,
      int fileSnapLength,
      boolean follow,
      boolean watermarks) {
    this.captures = captures;
    this.filter = filter;
    this.fileHost = fileHost;
    this.fileSnapLength = fileSnapLength;
    this.follow = follow;
    this.watermarks = watermarks;
  }

  /** Whether something is captured live. */
  boolean isLive() {
    return !captures.isEmpty();
  }

  boolean follows() {
    return follow;
  }

  /** Hosts that the source names. */
  Set<String> namedHosts() {
    Set<String> named = new TreeSet<>(captures.keySet());
    named.remove(EVERY_HOST);
    return named;
  }

  /** What to capture, by host. */
  Map<String, List<CaptureConfig>> captures() {
    return captures;
  }

  /** What is captured on a host. */
  List<CaptureConfig> captures(String host) {
    List<CaptureConfig> own = captures.get(host);
    return own != null ? own : captures.getOrDefault(EVERY_HOST, List.of());
  }

  /**
   * Opens a split; frames come in from now on.
   *
   * @throws IOException if it cannot be opened; the message says what to do
   */
  BlockSource open(PacketSplit split) throws IOException {
    if (split instanceof FileSplit file) {
      return CaptureFile.open(Path.of(file.path()), file.range(), follow)
          .host(fileHost)
          .snapLength(fileSnapLength);
    }
    LiveSplit live = (LiveSplit) split;
    PacketCapture capture = PacketCapture.open(config(live));
    LOG.info(
        "capture started interface={} host={} member={} captureStart={}",
        capture.capture().interfaceName(),
        capture.capture().host(),
        capture.capture().member(),
        capture.capture().start());
    return capture;
  }

  /** What the user gave for the split's interface. */
  private CaptureConfig configOf(LiveSplit live) throws IOException {
    return captures(live.host()).stream()
        .filter(each -> each.interfaceName().equals(live.interfaceName()))
        .findFirst()
        .orElseThrow(
            () ->
                new IOException(
                    "the source captures no interface named '%s' on host %s"
                        .formatted(live.interfaceName(), live.host())));
  }

  /** The watermarks that a split has of its own. */
  SplitWatermarks watermarks(PacketSplit split) throws IOException {
    if (!watermarks) {
      return SplitWatermarks.NONE;
    }
    if (split instanceof FileSplit) {
      return SplitWatermarks.ofFile();
    }
    CaptureConfig config = configOf((LiveSplit) split);
    return SplitWatermarks.ofCapture(
        config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS),
        config.get(CaptureOption.TIMESTAMP_TYPE) == TimestampType.HOST);
  }

  /**
   * How to capture for a split. Each capture is in a fanout group, also when it is alone on its
   * host: another that comes there later can share the frames with it only then.
   */
  private CaptureConfig config(LiveSplit split) throws IOException {
    CaptureConfig given = configOf(split);
    CaptureConfig.Builder config =
        given.toBuilder()
            .member(split.member())
            .set(CaptureOption.FANOUT_GROUP, split.fanoutGroup())
            .fanoutOwner(split.fanoutOwner());
    if (given.get(CaptureOption.HOST_NAME) == null) {
      config.set(CaptureOption.HOST_NAME, split.host());
    }
    if (filter != PacketFilter.ALL) {
      config.filter(
          given.inNamespace(
              () ->
                  filter.forInterface(
                      CaptureInterface.named(given.interfaceName()), given.snapLengthBytes())));
    }
    return config.build();
  }

  /** What the reader leaves out itself. */
  SplitFilter filter(PacketSplit split) throws IOException {
    if (filter == PacketFilter.ALL) {
      return new SplitFilter(split, null, null);
    }
    if (split instanceof FileSplit) {
      return new SplitFilter(split, filter.forFiles(), filter.inReader());
    }
    CaptureConfig config = configOf((LiveSplit) split);
    CaptureInterface device =
        config.inNamespace(() -> CaptureInterface.named(config.interfaceName()));
    return new SplitFilter(split, null, filter.kernelDecides(device) ? null : filter.inReader());
  }
}
