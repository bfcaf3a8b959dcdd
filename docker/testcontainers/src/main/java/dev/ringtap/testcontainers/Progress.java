package dev.ringtap.testcontainers;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What an agent answers to SIGUSR1 once all that had come in by then has arrived.
 *
 * @param offered frames that had come in
 * @param dropped those for which the ring had no room
 */
record Progress(long offered, long dropped) {
  private static final Pattern LINE =
      Pattern.compile("^so far: offered (\\d+) = (\\d+) dropped by the kernel", Pattern.MULTILINE);

  /** All answers in what an agent printed, in their order. */
  static List<Progress> in(String log) {
    return LINE.matcher(log)
        .results()
        .map(found -> new Progress(Long.parseLong(found.group(1)), Long.parseLong(found.group(2))))
        .toList();
  }
}
