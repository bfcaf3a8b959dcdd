package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;

/** Makes a capture a member of its split's fanout group. */
final class FanoutOptions {
  private FanoutOptions() {}

  /** The group that the user chose, or 0. */
  static int group(CaptureRecipe recipe) {
    return 0;
  }

  static void join(CaptureConfig.Builder config, LiveSplit split) {
    if (split.fanoutGroup() != 0) {
      throw new UnsupportedOperationException("fanout");
    }
  }
}
