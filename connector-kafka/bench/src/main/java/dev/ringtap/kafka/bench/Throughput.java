package dev.ringtap.kafka.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * What arrived in a topic while its producer ran steadily. It is measured from outside, by the
 * topic's end offsets, in the same way for every producer.
 *
 * @param recordsPerSecond records that arrived
 * @param producerNanos CPU time of the producer for each of them
 * @param brokerNanos CPU time of the broker for each of them
 * @param storedBytes what a record takes on the broker
 */
record Throughput(
    double recordsPerSecond, double producerNanos, double brokerNanos, double storedBytes) {
  private static final long FIRST_RECORD_NANOS = TimeUnit.SECONDS.toNanos(30);

  /**
   * Waits until a producer that has just been started runs steadily, and gives it a core of its
   * own.
   *
   * @param warmupCpuMillis CPU time after which it has compiled what it needs, so that a slow
   *     machine gives it longer
   * @throws IOException if the producer ends before
   */
  static void awaitSteady(Broker broker, Program producer, int warmupCpuMillis) throws IOException {
    long deadline = System.nanoTime() + FIRST_RECORD_NANOS;
    while (broker.records() == 0) {
      producer.requireAlive();
      if (System.nanoTime() > deadline) {
        throw new IOException("no record arrives:\n" + producer.printed());
      }
      Program.sleepMillis(20);
    }
    long warmNanos = TimeUnit.MILLISECONDS.toNanos(warmupCpuMillis);
    while (producer.cpuNanos() < warmNanos) {
      producer.requireAlive();
      Program.sleepMillis(20);
    }
    producer.pin(Core.MEASURED);
  }

  /** Measures a producer that runs steadily, for this long. */
  static Throughput measure(Broker broker, Program producer, int windowMillis) throws IOException {
    long begin = System.nanoTime();
    long recordsBefore = broker.records();
    long producerBefore = producer.cpuNanos();
    long brokerBefore = broker.program().cpuNanos();
    Program.sleepMillis(windowMillis);
    double nanos = System.nanoTime() - begin;
    double records = broker.records() - recordsBefore;
    double producerNanos = producer.cpuNanos() - producerBefore;
    double brokerNanos = broker.program().cpuNanos() - brokerBefore;
    producer.requireAlive();
    return new Throughput(
        records / nanos * 1e9,
        producerNanos / records,
        brokerNanos / records,
        (double) broker.bytes() / broker.records());
  }

  /** The same in frames, where a record holds several. */
  Throughput ofFrames(double framesPerRecord) {
    return new Throughput(
        recordsPerSecond * framesPerRecord,
        producerNanos / framesPerRecord,
        brokerNanos / framesPerRecord,
        storedBytes / framesPerRecord);
  }
}
