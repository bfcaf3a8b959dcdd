package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.file.CaptureFileException;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.packet.PacketLine;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import dev.ringtap.registry.SchemaRegistry;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ringtap dump}: the packets of a topic or a file as lines, as JSON, or as pcapng. */
@Command(
    name = "dump",
    description =
        "Prints the packets of a topic or a capture file in tcpdump's format or as JSON, or writes"
            + " them as pcapng.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DumpCommand implements Callable<Integer> {
  private static final PacketLine LINE = new PacketLine();

  @Option(
      names = {"-r", "--read"},
      paramLabel = "FILE",
      description =
          "Reads this pcap or pcapng file instead of a topic, up to its last complete frame. - reads"
              + " standard input. Repeatable: merges files by time.")
  private List<Path> files = List.of();

  @Mixin private final TopicArguments topic = new TopicArguments();

  @Option(
      names = {"-c", "--count"},
      paramLabel = "COUNT",
      description = "Stops after this many packets.")
  private @Nullable Long count;

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE|-",
      description = "Writes pcapng to this file; - writes to standard output.")
  private @Nullable String writeTo;

  @Option(
      names = "--comment",
      paramLabel = "TEXT",
      description = "Writes this comment on the whole into the pcapng file. At most 4096 bytes.")
  private @Nullable String comment;

  @Option(
      names = "--name-hosts",
      fallbackValue = CaptureFlags.ON,
      description = "Names interfaces HOST/INTERFACE in the pcapng file, to tell hosts apart.")
  private boolean namesHosts;

  @Option(
      names = "--tls-keys",
      paramLabel = "FILE",
      description =
          "Writes this TLS key log (SSLKEYLOGFILE) into the pcapng file, so that Wireshark decrypts. At"
              + " most 16 MiB.")
  private @Nullable Path tlsKeys;

  @Option(
      names = "--json",
      fallbackValue = CaptureFlags.ON,
      description =
          "Prints one JSON object per packet: the record's fields, decoded header fields, and its line"
              + " in tcpdump's format.")
  private boolean json;

  @Mixin private final FilterArgument filter = new FilterArgument();

  @Spec private CommandSpec spec;

  /** Null keeps all. */
  private @Nullable PacketFilter packetFilter;

  private long shown;

  @Override
  public Integer call() throws IOException {
    if (count != null && count < 1) {
      throw usage("-c is " + count + "; expected 1 or more");
    }
    if (json && writeTo != null) {
      throw usage("--json and -w cannot be used together");
    }
    if (writeTo == null && (comment != null || namesHosts || tlsKeys != null)) {
      throw usage(
          "--comment, --name-hosts and --tls-keys are for a pcapng file: say which with -w");
    }
    packetFilter = filter.filter();
    int code = files.isEmpty() ? dumpTopic() : dumpFiles();
    if (packetFilter != null) {
      packetFilter.check();
    }
    return code;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Output output() throws IOException {
    if (writeTo != null) {
      return new Pcapng(writeTo, comment, tlsKeys == null ? null : keyLog(tlsKeys), namesHosts);
    }
    return json ? new Lines(new PacketJson()::line) : new Lines(DumpCommand::withLoss);
  }

  private static byte[] keyLog(Path file) throws IOException {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IOException("--tls-keys: cannot read " + file + " (" + e + ")", e);
    }
  }

  private int dumpFiles() throws IOException {
    topic.requireNone("-r");
    List<FilePackets> inputs = new ArrayList<>();
    try (Output output = output()) {
      for (Path file : files) {
        inputs.add(new FilePackets(file));
      }
      Shutdown.onSignal(() -> inputs.forEach(FilePackets::stop));
      show(inputs, output);
      output.flush();
    } finally {
      for (FilePackets input : inputs) {
        CaptureFileException truncation = input.truncation();
        if (truncation != null) {
          note(AgentException.message(truncation));
        }
        input.close();
      }
    }
    return ExitCode.OK;
  }

  /** Merges the files by time. */
  private void show(List<FilePackets> inputs, Output output) throws IOException {
    record Head(Packet packet, FilePackets input) {}
    Queue<Head> heads =
        new PriorityQueue<>(Comparator.comparing((Head head) -> head.packet.getTimestamp()));
    for (FilePackets input : inputs) {
      Packet first = input.next();
      if (first != null) {
        heads.add(new Head(first, input));
      }
    }
    Head head;
    while ((head = heads.poll()) != null && show(head.packet, output) && !output.isGone()) {
      if (!head.input.hasMore()) {
        output.flush();
      }
      Packet next = head.input.next();
      if (next != null) {
        heads.add(new Head(next, head.input));
      }
    }
  }

  /** Returns whether further packets are wanted. */
  private boolean show(Packet packet, Output output) throws IOException {
    if (packetFilter == null || packetFilter.keeps(packet)) {
      output.add(packet);
      shown++;
    }
    return count == null || shown < count;
  }

  private int dumpTopic() throws IOException {
    try (SchemaRegistry schemas = topic.registry();
        TopicReader<Packet> reader = topic.open(new PacketValues(TopicArguments.packets(schemas)));
        Output output = output()) {
      Shutdown.onSignal(reader::wakeUp);
      while (!reader.isWokenUp()) {
        List<Packet> packets = reader.poll();
        for (Packet packet : packets) {
          if (!show(packet, output)) {
            return end(reader, output);
          }
        }
        output.flush();
        if (output.isGone() || topic.untilEnd() && reader.isAtEnd()) {
          break;
        }
      }
      return end(reader, output);
    }
  }

  /** Tells something beside the output. */
  static void note(String sentence) {
    System.err.println("ringtap: " + TerminalText.line(sentence));
  }

  private int end(TopicReader<Packet> reader, Output output) throws IOException {
    output.flush();
    return topic.end(reader, "packets");
  }

  /** A packet as a line like tcpdump's. */
  static String line(Packet packet) {
    MemorySegment payload = MemorySegment.ofBuffer(packet.getPayload());
    return LINE.format(
        PacketFields.timestampNanos(packet),
        packet.getInterfaceName(),
        PacketFields.packetType(packet),
        packet.getOriginalLength(),
        packet.getLinkType(),
        payload,
        0,
        (int) payload.byteSize());
  }

  private interface Output extends Closeable {
    void add(Packet packet) throws IOException;

    void flush() throws IOException;

    /** Whether the reader has closed its end. */
    boolean isGone();
  }

  /** The packet's line, after one that tells of a loss. */
  private static String withLoss(Packet packet) {
    long lost = packet.getLostBefore();
    return (lost > 0 ? "    " + lost + " frames lost here\n" : "") + line(packet);
  }

  private static final class Lines implements Output {
    private final Function<Packet, String> form;

    private final PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false);

    private final StringBuilder text = new StringBuilder();

    Lines(Function<Packet, String> form) {
      this.form = form;
    }

    @Override
    public void add(Packet packet) {
      text.append(form.apply(packet)).append('\n');
    }

    @Override
    public void flush() {
      out.print(text);
      out.flush();
      text.setLength(0);
    }

    @Override
    public boolean isGone() {
      return out.checkError();
    }

    @Override
    public void close() {
      flush();
    }
  }

  private static final class Pcapng implements Output {
    private record Interface(CaptureId capture, int linkType) {}

    private final PcapngWriter writer;
    private final Map<Interface, Integer> interfaces = new HashMap<>();
    private final boolean namesHosts;

    Pcapng(String target, @Nullable String comment, byte @Nullable [] tlsKeys, boolean namesHosts)
        throws IOException {
      this.writer = PcapngWriter.create(Path.of(target), comment == null ? "" : comment);
      this.namesHosts = namesHosts;
      if (tlsKeys != null) {
        writer.writeTlsKeys(tlsKeys);
      }
    }

    private CaptureId named(CaptureId capture) {
      return namesHosts
          ? new CaptureId(
              capture.host(),
              capture.host() + "/" + capture.interfaceName(),
              capture.start(),
              capture.member())
          : capture;
    }

    @Override
    public void add(Packet packet) throws IOException {
      Interface on = new Interface(PacketFields.capture(packet), packet.getLinkType());
      Integer id = interfaces.get(on);
      if (id == null) {
        id =
            writer.addInterface(
                named(on.capture()), on.linkType(), CaptureOption.MAX_SNAP_LENGTH_BYTES);
        interfaces.put(on, id);
      }
      PacketFields.write(writer, id, packet);
    }

    @Override
    public void flush() throws IOException {
      writer.flush();
    }

    @Override
    public boolean isGone() {
      return false;
    }

    @Override
    public void close() throws IOException {
      writer.close();
    }
  }
}
