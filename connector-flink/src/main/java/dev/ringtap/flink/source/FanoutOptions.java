package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;

/**
 * Makes a capture a member of its split's fanout group. Each capture is in one, also when it is
 * alone on its host: another that comes there later can only then share the frames with it.
 */
final class FanoutOptions {
  /** Highest number of a group. */
  static final int MOST_GROUPS = 65_535;

  /** A split's group is its number and, above these bits, its owner. */
  static final int OWNER_SHIFT = 16;

  private FanoutOptions() {}

  /**
   * The group of an interface: the one that the user chose, or one of an owner whom no other job is
   * likely to be.
   *
   * @param job any bits that readers of one source have in common, and other sources have not
   * @param index of the interface among those of its host: a group has one interface
   */
  static int group(CaptureRecipe recipe, int job, int index) {
    int chosen = recipe.number(CaptureOption.FANOUT_GROUP);
    int first = chosen == 0 ? job & MOST_GROUPS : chosen - 1;
    int owner = chosen == 0 ? 1 + (job >>> OWNER_SHIFT) % CaptureConfig.MAX_FANOUT_OWNER : 0;
    return owner << OWNER_SHIFT | 1 + (first + index) % MOST_GROUPS;
  }

  static void join(CaptureConfig.Builder config, LiveSplit split) {
    config.member(split.member());
    config.set(CaptureOption.FANOUT_GROUP, split.fanoutGroup());
    config.fanoutOwner(split.fanoutOwner());
  }
}
