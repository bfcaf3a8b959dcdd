package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;

/** Makes a capture a member of its split's fanout group. */
final class FanoutOptions {
  private FanoutOptions() {}

  /** The group that the user chose, or 0. */
  static int group(CaptureRecipe recipe) {
    return recipe.number(CaptureOption.FANOUT_GROUP);
  }

  static void join(CaptureConfig.Builder config, LiveSplit split) {
    config.member(split.member());
    config.set(CaptureOption.FANOUT_GROUP, split.fanoutGroup());
  }
}
