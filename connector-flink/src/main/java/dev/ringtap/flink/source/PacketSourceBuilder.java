package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.filter.BpfProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects what a {@link PacketSource} reads. Either captures or files must be named, and a
 * deserializer. Not thread-safe.
 *
 * @param <T> element of the stream
 */
public final class PacketSourceBuilder<T> {
  /** Least bytes of a file's split. */
  public static final long DEFAULT_SPLIT_BYTES = 64L << 20;

  /** How long a host that must have a reader may be without one, in ms. */
  public static final long DEFAULT_HOST_TIMEOUT_MILLIS = 30_000;

  private final LinkedHashMap<String, List<CaptureConfig>> captures = new LinkedHashMap<>();
  private final List<String> paths = new ArrayList<>();
  private PacketFilter filter = PacketFilter.ALL;
  private @Nullable String hostName;
  private int fileSnapLength = Integer.MAX_VALUE;
  private boolean follow;
  private long splitBytes = DEFAULT_SPLIT_BYTES;
  private int members;
  private long limit = Long.MAX_VALUE;
  private long durationMillis = LiveSplit.NO_END;
  private long discoveryMillis;
  private long hostTimeoutMillis = DEFAULT_HOST_TIMEOUT_MILLIS;
  private boolean failOnLostHost;
  private boolean sourceWatermarks;
  private @Nullable PacketDeserializer<T> deserializer;

  PacketSourceBuilder() {}

  /** Captures on this interface of every host that runs a reader, with default options. */
  public PacketSourceBuilder<T> interfaceName(String name) {
    return capture(CaptureConfig.on(name).build());
  }

  /**
   * Captures on every host that runs a reader and is not named by {@link #captureOn}. May be called
   * again for another interface.
   *
   * @param config options; a filter is given by {@link #filter} and not in them
   */
  public PacketSourceBuilder<T> capture(CaptureConfig config) {
    return captureOn(SplitOpener.EVERY_HOST, config);
  }

  /**
   * Captures on one host. May be called again for another interface or host. If no reader runs
   * there, the job fails after {@link #hostTimeout}.
   *
   * @param host the name that {@link HostName} gives it: the TaskManager's {@code
   *     ringtap.host-name}, otherwise its environment's {@code RINGTAP_HOST_NAME}, otherwise its
   *     {@code taskmanager.host}
   * @param config options; a filter is given by {@link #filter} and not in them
   * @throws IllegalArgumentException if the interface is captured there already
   */
  public PacketSourceBuilder<T> captureOn(String host, CaptureConfig config) {
    List<CaptureConfig> ofHost = captures.computeIfAbsent(host, any -> new ArrayList<>());
    for (CaptureConfig each : ofHost) {
      if (each.interfaceName().equals(config.interfaceName())) {
        throw new IllegalArgumentException(
            "interface %s is captured twice on %s; name it once, with all of its options"
                .formatted(config.interfaceName(), host.isEmpty() ? "every host" : host));
      }
    }
    ofHost.add(config.toBuilder().filter(null).build());
    return this;
  }

  /**
   * Reads capture files: pcap or pcapng, packed by gzip or Zstandard too. Every host of the job
   * must find them under the same path, the JobManager's too.
   *
   * @param files files, and directories whose files are meant
   */
  public PacketSourceBuilder<T> files(Path... files) {
    for (Path file : files) {
      paths.add(file.toAbsolutePath().toString());
    }
    return this;
  }

  /**
   * Names the host in the frames of {@link #files}. By default it is the one that the file tells,
   * otherwise the empty string. A live capture takes its name from {@link CaptureOption#HOST_NAME}.
   */
  public PacketSourceBuilder<T> hostName(String name) {
    hostName = Objects.requireNonNull(name);
    return this;
  }

  /**
   * Truncates the payloads of {@link #files}, before the filter sees them; the bytes after are not
   * copied. By default they are whole. A live capture has {@link CaptureOption#SNAP_LENGTH_BYTES}.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public PacketSourceBuilder<T> fileSnapLength(int bytes) {
    fileSnapLength = (int) atLeastOne("fileSnapLength", bytes);
    return this;
  }

  /** Reads on at the end of the files: another process still writes to them. The job has no end. */
  public PacketSourceBuilder<T> follow() {
    follow = true;
    return this;
  }

  /**
   * Cuts files into splits of at least this size; {@value #DEFAULT_SPLIT_BYTES} bytes by default.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public PacketSourceBuilder<T> splitBytes(long bytes) {
    splitBytes = atLeastOne("splitBytes", bytes);
    return this;
  }

  /** Reads only what an expression of pcap-filter(7) keeps, as tcpdump does. */
  public PacketSourceBuilder<T> filter(String expression) {
    return filter(PacketFilter.of(expression));
  }

  /** Reads only what a program keeps. */
  public PacketSourceBuilder<T> filter(BpfProgram program) {
    return filter(PacketFilter.of(program));
  }

  /** Reads only what a filter keeps. */
  public PacketSourceBuilder<T> filter(PacketFilter made) {
    filter = Objects.requireNonNull(made);
    return this;
  }

  /**
   * Readers that share each interface of a host by fanout. By default all readers on the host do.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public PacketSourceBuilder<T> fanoutMembers(int count) {
    members = (int) atLeastOne("fanoutMembers", count);
    return this;
  }

  /**
   * Ends each split after this many frames, and the job with the last split. A restore counts on.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public PacketSourceBuilder<T> limit(long frames) {
    limit = atLeastOne("limit", frames);
    return this;
  }

  /**
   * Ends live captures after this time; what is in the ring then is still emitted. A restore does
   * not start the time anew.
   *
   * @throws IllegalArgumentException if it is below a millisecond
   */
  public PacketSourceBuilder<T> duration(Duration time) {
    durationMillis = atLeastOne("duration in ms", time.toMillis());
    return this;
  }

  /**
   * Sets how long a host that must have a reader may be without one before the job fails; 30 s by
   * default. A host must have one if {@link #captureOn} names it.
   *
   * @throws IllegalArgumentException if it is below a millisecond
   */
  public PacketSourceBuilder<T> hostTimeout(Duration time) {
    hostTimeoutMillis = atLeastOne("hostTimeout in ms", time.toMillis());
    return this;
  }

  /**
   * Fails the job after {@link #hostTimeout} also if a host that was captured has no reader any
   * more. Otherwise its frames are not captured until a reader runs there: a WARN and the gauge
   * {@code uncapturedHosts} tell.
   */
  public PacketSourceBuilder<T> failOnLostHost() {
    failOnLostHost = true;
    return this;
  }

  /**
   * Lists the directories of {@link #files} at this interval and reads files that are new, or that
   * took the name of one. A new file is read when it has not changed for that long; with {@link
   * #follow} at once. The job has no end.
   *
   * @throws IllegalArgumentException if it is below a millisecond
   */
  public PacketSourceBuilder<T> discoveryInterval(Duration time) {
    discoveryMillis = atLeastOne("discoveryInterval in ms", time.toMillis());
    return this;
  }

  /**
   * Emits watermarks from the source, for each split: a filter that keeps few frames does not hold
   * them back. They follow the frames that were read, kept or not, and while the ring is empty the
   * kernel's clock; both minus the capture's retire timeout. With timestamps of a network card, and
   * for files, they follow the frames alone. To be used with {@code
   * WatermarkStrategy.noWatermarks()}: event time must be the packet's.
   */
  public PacketSourceBuilder<T> sourceWatermarks() {
    sourceWatermarks = true;
    return this;
  }

  /** What the elements are. */
  public PacketSourceBuilder<T> deserializer(PacketDeserializer<T> made) {
    deserializer = Objects.requireNonNull(made);
    return this;
  }

  private static long atLeastOne(String what, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " is " + value + "; expected at least 1");
    }
    return value;
  }

  /**
   * The source.
   *
   * @throws IllegalStateException if something is missing or does not go together; the message says
   *     what
   */
  public PacketSource<T> build() {
    require(
        captures.isEmpty() != paths.isEmpty(),
        captures.isEmpty()
            ? "nothing to read: name an interface or files"
            : "interfaces and files in one source: make two and union their streams");
    if (deserializer == null) {
      throw new IllegalStateException("no deserializer");
    }
    require(
        hostName == null || captures.isEmpty(),
        "hostName names the host of files; set CaptureOption.HOST_NAME for a capture");
    require(
        fileSnapLength == Integer.MAX_VALUE || captures.isEmpty(),
        "fileSnapLength truncates frames of files; set CaptureOption.SNAP_LENGTH_BYTES for a"
            + " capture");
    require(!follow || captures.isEmpty(), "only files are followed");
    require(discoveryMillis == 0 || captures.isEmpty(), "only files are discovered");
    require(
        durationMillis == LiveSplit.NO_END || paths.isEmpty(),
        "only live captures have a duration; files end by themselves");
    return new PacketSource<>(
        new SplitOpener(copy(), filter, hostName, fileSnapLength, follow, sourceWatermarks),
        new FileListing(new ArrayList<>(paths), splitBytes, follow, discoveryMillis),
        new LiveTerms(members, limit, durationMillis, hostTimeoutMillis, failOnLostHost),
        deserializer);
  }

  private Map<String, List<CaptureConfig>> copy() {
    LinkedHashMap<String, List<CaptureConfig>> copy = new LinkedHashMap<>();
    captures.forEach((host, ofHost) -> copy.put(host, new ArrayList<>(ofHost)));
    return copy;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }
}
