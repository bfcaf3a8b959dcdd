package dev.ringtap.bench.live;

/**
 * What a reader has done since it was started.
 *
 * @param frames read
 * @param dropped by the kernel, as far as the reader knows
 * @param readerNanos processor time of the thread that reads; -1 once that has ended
 * @param processNanos processor time of all threads
 */
record Mark(long frames, long dropped, long readerNanos, long processNanos) {}
