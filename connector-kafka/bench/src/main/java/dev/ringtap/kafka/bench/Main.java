package dev.ringtap.kafka.bench;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.util.List;

/**
 * The benchmarks of this module by their names; {@code bench/run} starts it. All that a benchmark
 * starts is in a network namespace of its own.
 */
final class Main {
  private static final int ROUNDS = 5;
  private static final int SOAK_MINUTES = 10;
  private static final long INPUT_BYTES = 4L << 30;

  private static final List<String> LATENCY_OPTIONS =
      List.of("--retire-timeout 1", "--retire-timeout 5", "--retire-timeout 20", "--immediate");

  private Main() {}

  /** The name, and for some of them the number of rounds, for the last the minutes. */
  public static void main(String[] arguments) throws Exception {
    String name = arguments.length == 0 ? "" : arguments[0];
    int usual = name.equals("soak") ? SOAK_MINUTES : ROUNDS;
    int number = arguments.length < 2 ? usual : Integer.parseInt(arguments[1]);
    try (PrivateNetwork network = PrivateNetwork.create()) {
      network.call(
          () -> {
            Core.SURROUNDINGS.take(ProcessHandle.current().pid());
            try (Broker broker = Broker.start()) {
              run(name, number, broker, BenchPage.ofModule());
            }
            return null;
          });
    }
    System.exit(0);
  }

  private static void run(String name, int number, Broker broker, BenchPage page)
      throws IOException {
    switch (name) {
      case "agent":
        new AgentBenchmark(
                number, 6000, 1500, INPUT_BYTES, List.of("none", "lz4"), List.of(200, 1000))
            .run(broker, page);
        break;
      case "rate":
        new LiveRateBenchmark(number, 2000, 3000, 6, 50_000, 2_000_000, List.of(64, 200, 512, 1500))
            .run(broker, page);
        break;
      case "settings":
        new SettingsBenchmark(number, 6000, 1500, INPUT_BYTES, SettingsBenchmark.variants())
            .run(broker, page);
        break;
      case "stages":
        new StageBenchmark(6000, 3000, INPUT_BYTES).run(broker, page);
        break;
      case "flows":
        new FlowsBenchmark(number, 100_000, 1_000_000, 3000, 5000).run(broker, page);
        break;
      case "latency":
        new LatencyBenchmark(2000, 15_000, 5000, LATENCY_OPTIONS).run(broker, page);
        break;
      case "startup":
        StartupBenchmark.run(broker, page, 7, 3000);
        break;
      case "scrape":
        new ScrapeBenchmark(number, 3000, 20_000).run(broker, page);
        break;
      case "soak":
        new SoakBenchmark(number).run(broker, page);
        break;
      default:
        System.err.println(
            "usage: bench/run agent [ROUNDS] | settings [ROUNDS] | rate [ROUNDS] | stages | flows [ROUNDS] | latency | startup"
                + " | scrape [WINDOWS] | soak [MINUTES]");
        System.exit(2);
    }
  }
}
