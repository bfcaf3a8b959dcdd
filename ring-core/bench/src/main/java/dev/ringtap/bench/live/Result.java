package dev.ringtap.bench.live;

/**
 * One run of one reader.
 *
 * @param offered frames that came to its interface
 * @param captured frames that it read
 * @param injectNanos how long the injector took for them
 * @param readerNanos processor time of the thread that reads
 * @param processNanos processor time of all its threads
 */
record Result(
    ReaderKind reader,
    Traffic traffic,
    int round,
    long offered,
    long captured,
    long injectNanos,
    long readerNanos,
    long processNanos) {
  long dropped() {
    return offered - captured;
  }

  double readerNanosPerFrame() {
    return (double) readerNanos / captured;
  }

  double processNanosPerFrame() {
    return (double) processNanos / captured;
  }

  double offeredPerSecond() {
    return offered * 1e9 / injectNanos;
  }
}
