package dev.ringtap.bench;

import dev.ringtap.bench.live.LiveBenchmark;
import java.util.Arrays;

/** The benchmarks of this module by their names; {@code bench/run} starts it. */
public final class Main {
  private Main() {}

  /** The name, and what is the benchmark's own. */
  public static void main(String[] arguments) throws Exception {
    String name = arguments.length == 0 ? "" : arguments[0];
    String[] own = Arrays.copyOfRange(arguments, Math.min(1, arguments.length), arguments.length);
    switch (name) {
      case "ring":
        RingReport.main(own);
        break;
      case "live":
        LiveBenchmark.main(own);
        break;
      case "flows":
        FlowBenchmark.main();
        break;
      case "latency":
        LatencyBenchmark.main(own);
        break;
      default:
        System.err.println(
            "usage: bench/run ring [OPTIONS OF JMH] | live [OPTIONS] | flows | latency");
        System.exit(2);
    }
  }
}
