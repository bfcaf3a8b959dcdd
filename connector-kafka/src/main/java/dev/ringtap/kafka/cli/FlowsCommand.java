package dev.ringtap.kafka.cli;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.CaptureFileException;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowFields;
import dev.ringtap.record.Packet;
import dev.ringtap.registry.SchemaRegistry;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code ringtap flows}: the flows of an interface, a file or a topic as a table, as JSON or as
 * CSV.
 */
@Command(
    name = "flows",
    description = "Prints the flows of an interface, a capture file or a topic.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class FlowsCommand implements Callable<Integer> {
  private static final int POLL_MILLIS = 100;

  @Option(
      names = {"-i", "--interface"},
      paramLabel = "NAME",
      description = "Captures on this interface until Ctrl-C.")
  private @Nullable String interfaceName;

  @Option(
      names = {"-r", "--read"},
      paramLabel = "FILE",
      description =
          "Reads this pcap or pcapng file, up to its last complete frame. - reads standard input.")
  private @Nullable Path file;

  @Mixin private final TopicArguments topic = new TopicArguments();

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
  @SuppressWarnings("NullAway.Init") // picocli sets the default
  private LargestFlows.Order order;

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

  private final PrintStream out =
      new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false);

  @SuppressWarnings("NullAway.Init") // call() sets it first, by the options
  private LargestFlows largest;

  /** That were read from a topic. */
  private long flowRecords;

  // when the screen was drawn last
  private long drawnFrames;
  private long drawnBytes;

  @Override
  public Integer call() throws IOException {
    boolean readsTopic = interfaceName == null && file == null;
    if (readsTopic && topic.given() == null || interfaceName != null && file != null) {
      throw usage("say what to read: -i INTERFACE, -r FILE or -t TOPIC, one of them");
    }
    if (!readsTopic) {
      topic.requireNone(file == null ? "-i" : "-r");
    }
    if (json && csv) {
      throw usage("--json and --csv cannot be used together");
    }
    if (top < 1 || top > 1_000_000) {
      throw usage("--top is " + top + "; expected 1 to 1000000");
    }
    largest = new LargestFlows(order, top);
    if (csv) {
      out.println(FlowText.csvHeader());
    }
    PacketFilter frames = filter.filter();
    int code = readsTopic ? readTopic(frames) : readFrames(frames);
    if (frames != null && interfaceName == null) {
      frames.check();
    }
    return code;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private boolean isTable() {
    return !json && !csv;
  }

  /** In a table, one flow is one row; a list of records goes on while the flow does. */
  private FlowLimits limits() {
    FlowLimits limits = FlowLimits.DEFAULT;
    return isTable()
        ? new FlowLimits(limits.capacity(), limits.idle(), Duration.ofDays(1))
        : limits;
  }

  private void add(Flow flow) {
    if (isTable()) {
      largest.add(flow);
    } else {
      out.println(json ? FlowText.json(flow) : FlowText.csv(flow));
    }
  }

  private int readFrames(@Nullable PacketFilter frames) throws IOException {
    HostFlows flows = new HostFlows(limits(), flow -> add(FlowFields.flow(flow)));
    try (BlockSource source = file == null ? capture() : CaptureFile.open(file, frames)) {
      Shutdown.onSignal(() -> stop(source));
      try (Screen screen = file == null && isTable() ? Screen.open() : null) {
        read(source, flows, screen);
      }
    }
    end(flows);
    return ExitCode.OK;
  }

  private PacketCapture capture() throws IOException {
    String name = Objects.requireNonNull(interfaceName, "without a file");
    PacketCapture capture = PacketCapture.open(name, filter.expression());
    System.err.println("listening on " + name + "; Ctrl-C ends it");
    return capture;
  }

  private static void stop(BlockSource source) {
    try {
      source.stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(BlockSource source, HostFlows flows, @Nullable Screen screen)
      throws IOException {
    try {
      while (!source.isEnded() && !out.checkError()) {
        try (Block block = source.poll(POLL_MILLIS)) {
          Frame frame;
          while (block != null && (frame = block.next()) != null) {
            flows.collect(frame);
          }
          if (block != null) {
            flows.settle();
          } else if (file == null) {
            flows.idle();
          }
        }
        show(screen, interfaceName, flows);
      }
    } catch (CaptureFileException e) {
      if (!e.isTruncated()) {
        throw e;
      }
      DumpCommand.note(AgentException.message(e));
    }
  }

  private int readTopic(@Nullable PacketFilter frames) throws IOException {
    HostFlows flows = new HostFlows(limits(), flow -> add(FlowFields.flow(flow)));
    int code;
    try (SchemaRegistry registry = topic.registry();
        TopicReader<SpecificRecord> reader = topic.open(new FlowValues(registry))) {
      Shutdown.onSignal(reader::wakeUp);
      try (Screen screen = !topic.untilEnd() && isTable() ? Screen.open() : null) {
        while (!reader.isWokenUp() && !out.checkError()) {
          for (SpecificRecord each : reader.poll()) {
            if (each instanceof Flow flow) {
              requireNoFilter();
              flowRecords++;
              add(flow);
            } else if (frames == null || frames.keeps((Packet) each)) {
              flows.collect((Packet) each);
            }
          }
          flows.settle();
          if (topic.untilEnd() && reader.isAtEnd()) {
            break;
          }
          show(screen, topic.topic(), flows);
        }
      }
      code = topic.end(reader, "packets or flows");
    }
    end(flows);
    return code;
  }

  private void requireNoFilter() {
    if (!filter.expression().isEmpty()) {
      throw usage("a filter is for packets, and topic " + topic.topic() + " has flow records");
    }
  }

  /** What would be printed if it ended now, for those who look on. */
  private void show(@Nullable Screen screen, @Nullable String from, HostFlows flows) {
    if (screen == null) {
      return;
    }
    screen.draw(
        () -> {
          LargestFlows now = largest.copy();
          flows.forEachOpen(flow -> now.add(FlowFields.flow(flow)));
          List<String> lines = new ArrayList<>();
          lines.add(from + "  " + rates(flows));
          lines.add("");
          lines.addAll(FlowText.table(now.sorted()));
          return lines;
        });
  }

  /** What came in the second since this was called last. */
  private String rates(HostFlows flows) {
    String rates =
        String.format(
            Locale.ROOT,
            "%,d frames/s  %.1f MB/s  %,d flows open  captured %,d  dropped %,d",
            flows.frames() - drawnFrames,
            (flows.bytes() - drawnBytes) / 1e6,
            flows.open(),
            flows.frames(),
            flows.lost());
    drawnFrames = flows.frames();
    drawnBytes = flows.bytes();
    return flowRecords == 0 ? rates : String.format(Locale.ROOT, "%,d flow records", flowRecords);
  }

  private void end(HostFlows flows) {
    flows.endAll();
    if (isTable()) {
      FlowText.table(largest.sorted()).forEach(out::println);
    }
    out.flush();
    if (flowRecords > 0) {
      System.err.println(flowRecords + " flow records");
    }
    if (flowRecords == 0 || flows.frames() > 0) {
      System.err.println(flows.summary());
    }
  }
}
