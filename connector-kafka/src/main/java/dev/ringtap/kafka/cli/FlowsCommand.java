package dev.ringtap.kafka.cli;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.CaptureFileException;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowEncoder;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ringtap flows}: the flows of a file or an interface as a table, as JSON or as CSV. */
@Command(
    name = "flows",
    description = "Prints the flows of a capture file or an interface.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class FlowsCommand implements Callable<Integer> {
  private static final int POLL_MILLIS = 100;

  @Option(
      names = {"-i", "--interface"},
      paramLabel = "NAME",
      description = "Captures on this interface until Ctrl-C.")
  private String interfaceName;

  @Option(
      names = {"-r", "--read"},
      paramLabel = "FILE",
      description =
          "Reads this pcap or pcapng file, up to its last complete frame. - reads standard input.")
  private Path file;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "20",
      description = "Prints the N largest flows. 1 to 1000000. Default: ${DEFAULT-VALUE}.")
  private int top;

  @Option(
      names = "--sort",
      paramLabel = "bytes|packets|duration",
      defaultValue = "bytes",
      description = "Sorts by this, both directions together. Default: ${DEFAULT-VALUE}.")
  private Order order;

  @Option(
      names = "--json",
      fallbackValue = CaptureFlags.ON,
      description = "Prints one JSON object per flow when it ends: the fields of its record.")
  private boolean json;

  @Option(
      names = "--csv",
      fallbackValue = CaptureFlags.ON,
      description = "Prints one line per flow when it ends: the same fields, separated by commas.")
  private boolean csv;

  @Mixin private final FilterArgument filter = new FilterArgument();

  @Spec private CommandSpec spec;

  /** What flows are sorted by. */
  enum Order {
    BYTES {
      @Override
      long of(Flow flow) {
        return flow.getLayer2OctetDeltaCount() + flow.getReverseLayer2OctetDeltaCount();
      }
    },
    PACKETS {
      @Override
      long of(Flow flow) {
        return flow.getPacketDeltaCount() + flow.getReversePacketDeltaCount();
      }
    },
    DURATION {
      @Override
      long of(Flow flow) {
        return FlowText.durationNanos(flow);
      }
    };

    abstract long of(Flow flow);
  }

  @Override
  public Integer call() throws IOException {
    if ((interfaceName == null) == (file == null)) {
      throw usage("say what to read: -i INTERFACE or -r FILE, one of them");
    }
    if (json && csv) {
      throw usage("--json and --csv cannot be used together");
    }
    if (top < 1 || top > 1_000_000) {
      throw usage("--top is " + top + "; expected 1 to 1000000");
    }
    PacketFilter frames = filter.filter();
    try (BlockSource source = file == null ? capture() : read(file, frames)) {
      Shutdown.onSignal(() -> stop(source));
      read(source);
    }
    if (file != null && frames != null) {
      frames.check();
    }
    return ExitCode.OK;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private static CaptureFile read(Path file, PacketFilter frames) throws IOException {
    return CaptureFile.open(file, frames);
  }

  private PacketCapture capture() throws IOException {
    PacketCapture capture = PacketCapture.open(interfaceName, filter.expression());
    System.err.println("listening on " + interfaceName + "; Ctrl-C ends it");
    return capture;
  }

  private static void stop(BlockSource source) {
    try {
      source.stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(BlockSource source) throws IOException {
    PrintStream out = System.out;
    FlowEncoder encoder = FlowEncoder.singleObject();
    Comparator<Flow> smallestFirst = Comparator.comparingLong(order::of);
    PriorityQueue<Flow> largest = new PriorityQueue<>(smallestFirst);
    Consumer<Flow> each =
        json ? flow -> out.println(FlowText.json(flow)) : flow -> out.println(FlowText.csv(flow));
    boolean sorted = !json && !csv;
    if (csv) {
      out.println(FlowText.csvHeader());
    }
    FlowTable table =
        new FlowTable(
            FlowLimits.DEFAULT,
            flow -> {
              Flow record = decode(flow, encoder);
              if (sorted) {
                largest.add(record);
                if (largest.size() > top) {
                  largest.remove();
                }
              } else {
                each.accept(record);
              }
            });
    long[] framesAndLoss = new long[2];
    try {
      while (!source.isEnded()) {
        try (Block block = source.poll(POLL_MILLIS)) {
          read(block, table, framesAndLoss);
        }
      }
    } catch (CaptureFileException e) {
      if (!e.isTruncated()) {
        throw e;
      }
      DumpCommand.note(e.getMessage());
    }
    table.endAll();
    if (sorted) {
      List<Flow> flows = new ArrayList<>(largest);
      flows.sort(smallestFirst.reversed());
      FlowText.table(flows).forEach(out::println);
    }
    out.flush();
    System.err.printf(
        "%d frames = %d in %d flows + %d of no flow; %d dropped by the kernel%n",
        framesAndLoss[0],
        table.exportedFrames(),
        table.exportedFlows(),
        table.framesWithoutFlow(),
        framesAndLoss[1]);
  }

  private static void read(Block block, FlowTable table, long[] framesAndLoss) {
    Frame frame;
    while (block != null && (frame = block.next()) != null) {
      table.collect(frame);
      framesAndLoss[0]++;
      framesAndLoss[1] += frame.lostBefore();
    }
    table.settle();
  }

  private static Flow decode(Biflow flow, FlowEncoder encoder) {
    try {
      return Flow.getDecoder().decode(encoder.encode(flow));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen: it was encoded here", e);
    }
  }
}
