package dev.ringtap.flink.bench;

import java.util.Arrays;

/** The benchmarks of this module by their names; {@code bench/run} starts it. */
public final class Main {
  private Main() {}

  /** The name, and what is the benchmark's own. */
  public static void main(String[] arguments) throws Exception {
    String name = arguments.length == 0 ? "" : arguments[0];
    String[] own = Arrays.copyOfRange(arguments, Math.min(1, arguments.length), arguments.length);
    switch (name) {
      case "source":
        SourceBenchmark.main(own);
        break;
      case "sql":
        SqlBenchmark.main(own);
        break;
      case "latency":
        LatencyBenchmark.main(own);
        break;
      default:
        System.err.println("usage: bench/run source [ROUNDS] | sql [ROUNDS [CLASSES]] | latency");
        System.exit(2);
    }
  }
}
