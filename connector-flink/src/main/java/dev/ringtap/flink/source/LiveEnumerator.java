package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.util.FlinkRuntimeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each capture to a reader on the host that has the interface. Where several readers are on
 * one host they share its interfaces by fanout. It waits until all readers have told the names of
 * their hosts: only then it knows where to capture.
 */
final class LiveEnumerator extends PacketEnumerator {
  /** Hosts that ought to be captured and have no reader. */
  static final String UNCAPTURED_HOSTS = "uncapturedHosts";

  private static final Logger LOG = LoggerFactory.getLogger(LiveEnumerator.class);

  private static final long CHECK_MILLIS = 1000;

  private final SplitOpener opener;
  private final LiveTerms terms;

  /** By subtask. */
  private final Map<Integer, String> hosts = new HashMap<>();

  private final TreeSet<String> finished;

  /** The fanout groups of this enumerator's captures. One that is restored has others. */
  private final int groups = new SplittableRandom().nextInt();

  /** By host that has no reader: since when, in ns of this JVM. */
  private final TreeMap<String, Long> uncapturedSince = new TreeMap<>();

  private volatile int uncapturedHosts;
  private boolean restored;
  private boolean planned;
  private boolean checking;
  private long endMillis;

  LiveEnumerator(
      SplitEnumeratorContext<PacketSplit> context,
      PacketEnumeratorState restored,
      SplitOpener opener,
      LiveTerms terms) {
    super(context, restored);
    this.opener = opener;
    this.terms = terms;
    this.restored = restored.planned();
    this.planned = restored.planned();
    this.endMillis = restored.endMillis();
    this.finished = new TreeSet<>(restored.finished());
    context
        .metricGroup()
        .addGroup(ReaderMetrics.GROUP)
        .gauge(UNCAPTURED_HOSTS, (Gauge<Integer>) this::uncapturedHosts);
  }

  int uncapturedHosts() {
    return uncapturedHosts;
  }

  @Override
  public void start() {}

  @Override
  public void handleSplitRequest(int subtask, @Nullable String requesterHost) {
    // splits are given without being asked for
  }

  @Override
  void readerAdded(int subtask, List<PacketSplit> back) {
    hosts.remove(subtask);
  }

  @Override
  void readerStarted(int subtask, String host) {
    hosts.put(subtask, host);
    deal();
  }

  @Override
  void splitsBack() {
    deal();
  }

  @Override
  void splitsFinished(List<String> splitIds) {
    finished.addAll(splitIds);
  }

  private Map<String, TreeSet<Integer>> readersByHost() {
    Map<String, TreeSet<Integer>> readers = new TreeMap<>();
    for (Integer subtask : context.registeredReaders().keySet()) {
      readers.computeIfAbsent(hosts.get(subtask), host -> new TreeSet<>()).add(subtask);
    }
    return readers;
  }

  private boolean knowsAllHosts() {
    return isComplete() && hosts.keySet().containsAll(context.registeredReaders().keySet());
  }

  private void deal() {
    if (!knowsAllHosts()) {
      return;
    }
    chooseEnd();
    Map<String, TreeSet<Integer>> readersByHost = readersByHost();
    readersByHost.forEach((host, readers) -> plan(host, readers.size()));
    planned = true;
    for (PacketSplit split : waiting()) {
      deal((LiveSplit) split, readersByHost);
    }
    if (restored && !terms.bounded() && !terms.failOnLostHost()) {
      waiting().forEach(split -> forgetUnlessNamed((LiveSplit) split));
    }
    restored = false;
    watch(readersByHost.keySet());
    if (terms.bounded() && uncapturedSince.keySet().stream().noneMatch(this::mustHaveReader)) {
      context.registeredReaders().keySet().forEach(context::signalNoMoreSplits);
    }
  }

  /** One end for all captures, also for those that a restart with more readers adds. */
  private void chooseEnd() {
    if (terms.durationMillis() == LiveSplit.NO_END) {
      return;
    }
    if (endMillis == LiveSplit.NO_END) {
      endMillis =
          waiting().stream()
              .mapToLong(split -> ((LiveSplit) split).endMillis())
              .min()
              .orElse(LiveSplit.NO_END);
    }
    if (endMillis == LiveSplit.NO_END) {
      endMillis = System.currentTimeMillis() + terms.durationMillis();
    }
  }

  /** Makes the splits of a host that are not there yet. */
  private void plan(String host, int readers) {
    List<CaptureConfig> configs = opener.captures(host);
    if (configs.isEmpty()) {
      LOG.info("nothing is captured on host {}", host);
    }
    long end = terms.durationMillis() == LiveSplit.NO_END ? LiveSplit.NO_END : endMillis;
    for (CaptureConfig config : configs) {
      for (int member = 0; member < (terms.members() == 0 ? readers : terms.members()); member++) {
        LiveSplit split =
            new LiveSplit(host, config.interfaceName(), member, 0, end, PacketSplit.Progress.NONE);
        if (!isKnown(split.splitId()) && !finished.contains(split.splitId())) {
          await(split);
        }
      }
    }
  }

  private void deal(LiveSplit split, Map<String, TreeSet<Integer>> readersByHost) {
    finished.remove(split.splitId());
    if (split.isOver(terms.limit(), System.currentTimeMillis())) {
      finished.add(split.splitId());
      forget(split);
      return;
    }
    List<CaptureConfig> configs = opener.captures(split.host());
    for (int i = 0; i < configs.size(); i++) {
      if (configs.get(i).interfaceName().equals(split.interfaceName())) {
        TreeSet<Integer> readers = readersByHost.get(split.host());
        if (readers != null) {
          Integer[] subtasks = readers.toArray(Integer[]::new);
          int group = LiveSplit.group(configs.get(i), groups, i);
          assign(split.inGroup(group), subtasks[split.member() % subtasks.length]);
        }
        return;
      }
    }
    LOG.warn("{} was captured before and is not now", split);
    forget(split);
  }

  /** A host that was not there at the restore has another address now, or is gone. */
  private void forgetUnlessNamed(LiveSplit split) {
    if (!opener.namedHosts().contains(split.host())) {
      LOG.warn("{} was captured before the restore, and its host has no reader now", split);
      forget(split);
    }
  }

  /** Hosts that ought to be captured and have no reader. */
  private TreeSet<String> uncaptured(Set<String> hostsWithReader) {
    TreeSet<String> uncaptured = new TreeSet<>(opener.namedHosts());
    waiting().forEach(split -> uncaptured.add(((LiveSplit) split).host()));
    uncaptured.removeAll(hostsWithReader);
    return uncaptured;
  }

  private boolean mustHaveReader(String host) {
    return terms.failOnLostHost() || opener.namedHosts().contains(host);
  }

  private void watch(Set<String> hostsWithReader) {
    TreeSet<String> uncaptured = uncaptured(hostsWithReader);
    uncapturedSince.keySet().retainAll(uncaptured);
    for (String host : uncaptured) {
      if (uncapturedSince.putIfAbsent(host, System.nanoTime()) == null) {
        LOG.warn("host {} is not captured: readers run only on {}", host, hostsWithReader);
      }
    }
    uncapturedHosts = uncaptured.size();
    if (!checking && uncaptured.stream().anyMatch(this::mustHaveReader)) {
      checking = true;
      context.callAsync(() -> true, (ignored, failure) -> check(), CHECK_MILLIS, CHECK_MILLIS);
    }
  }

  /** Fails the job when a host has no reader for too long. */
  void check() {
    if (!knowsAllHosts()) {
      return;
    }
    for (Map.Entry<String, Long> each : uncapturedSince.entrySet()) {
      String host = each.getKey();
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - each.getValue());
      if (mustHaveReader(host) && millis >= terms.hostTimeoutMillis()) {
        throw new FlinkRuntimeException(
            ("no reader ran on host '%s' for %s ms; readers run on %s: name one of these, give"
                    + " the source more readers, or name that host by %s or %s of its TaskManager")
                .formatted(
                    host,
                    millis,
                    readersByHost().keySet(),
                    HostName.OPTION.key(),
                    dev.ringtap.capture.HostName.VARIABLE));
      }
    }
  }

  @Override
  public PacketEnumeratorState snapshotState(long checkpointId) {
    return PacketEnumeratorState.ofCaptures(planned, endMillis, finished, waiting());
  }
}
