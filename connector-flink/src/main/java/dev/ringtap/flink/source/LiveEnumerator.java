package dev.ringtap.flink.source;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each capture to a reader on the host that has the interface. Where several readers are on
 * one host they share its interfaces by fanout. It waits until all readers are there: only then it
 * knows the hosts.
 */
final class LiveEnumerator extends PacketEnumerator {
  private static final Logger LOG = LoggerFactory.getLogger(LiveEnumerator.class);

  private static final int FANOUT_GROUPS = 65_535;

  private final SplitOpener opener;
  private final int members;
  private final long durationMillis;
  private final boolean bounded;
  private int fanoutGroup;

  /**
   * @param members fanout members of each interface, 0 for one in each reader on its host
   * @param durationMillis how long a capture runs, or {@link LiveSplit#NO_END}
   * @param bounded whether the captures end
   */
  LiveEnumerator(
      SplitEnumeratorContext<PacketSplit> context,
      PacketEnumeratorState restored,
      SplitOpener opener,
      int members,
      long durationMillis,
      boolean bounded) {
    super(context, restored);
    this.opener = opener;
    this.members = members;
    this.durationMillis = durationMillis;
    this.bounded = bounded;
    this.fanoutGroup = restored.fanoutGroup();
  }

  @Override
  public void start() {
    if (fanoutGroup == 0) {
      fanoutGroup = 1 + new SplittableRandom().nextInt(FANOUT_GROUPS);
    }
  }

  @Override
  public void handleSplitRequest(int subtask, String requesterHost) {
    // splits are given without being asked for
  }

  @Override
  void readerAdded(int subtask) {
    deal();
  }

  @Override
  void splitsBack() {
    deal();
  }

  private void deal() {
    if (!isComplete()) {
      return;
    }
    Map<String, TreeSet<Integer>> readersByHost = new TreeMap<>();
    for (ReaderInfo reader : context.registeredReaders().values()) {
      readersByHost
          .computeIfAbsent(reader.getLocation(), host -> new TreeSet<>())
          .add(reader.getSubtaskId());
    }
    readersByHost.forEach((host, readers) -> plan(host, readers.size()));
    for (PacketSplit split : waiting()) {
      deal((LiveSplit) split, readersByHost);
    }
    if (bounded) {
      context.registeredReaders().keySet().forEach(context::signalNoMoreSplits);
    }
  }

  /** Makes the splits of a host that are not there yet. */
  private void plan(String host, int readers) {
    List<CaptureRecipe> recipes = opener.captures(host);
    if (recipes.isEmpty()) {
      LOG.info("nothing is captured on host {}", host);
    }
    for (CaptureRecipe recipe : recipes) {
      for (int member = 0; member < (members == 0 ? readers : members); member++) {
        LiveSplit split =
            new LiveSplit(
                host, recipe.interfaceName(), member, 0, endMillis(), PacketSplit.Progress.NONE);
        if (!isKnown(split.splitId())) {
          await(split);
        }
      }
    }
  }

  private long endMillis() {
    return durationMillis == LiveSplit.NO_END
        ? LiveSplit.NO_END
        : System.currentTimeMillis() + durationMillis;
  }

  /**
   * The group of a split, as many members as its interface has now: a capture that was alone before
   * a restore may have company after it. A group has one interface.
   */
  private int group(LiveSplit split, int index, CaptureRecipe recipe) {
    int chosen = FanoutOptions.group(recipe);
    if (split.member() == 0 && !isKnown(split.ofMember(1).splitId())) {
      return chosen;
    }
    int first = chosen == 0 ? fanoutGroup : chosen;
    return 1 + (first - 1 + index) % FANOUT_GROUPS;
  }

  private void deal(LiveSplit split, Map<String, TreeSet<Integer>> readersByHost) {
    TreeSet<Integer> readers = readersByHost.get(split.host());
    if (readers == null) {
      LOG.warn("{} was captured before and has no reader", split);
      return;
    }
    List<CaptureRecipe> recipes = opener.captures(split.host());
    for (int i = 0; i < recipes.size(); i++) {
      if (recipes.get(i).interfaceName().equals(split.interfaceName())) {
        Integer[] subtasks = readers.toArray(Integer[]::new);
        int group = group(split, i, recipes.get(i));
        assign(split.inGroup(group), subtasks[split.member() % subtasks.length]);
        return;
      }
    }
    LOG.warn("{} was captured before and is not now", split);
  }

  @Override
  public PacketEnumeratorState snapshotState(long checkpointId) {
    return new PacketEnumeratorState(true, fanoutGroup, waiting());
  }
}
