package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.packet.PacketLine;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import dev.ringtap.registry.PacketDecoder;
import dev.ringtap.registry.RegistryUrl;
import dev.ringtap.registry.SchemaRegistry;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ringtap dump}: a topic's packets as lines like tcpdump's, or as pcapng. */
@Command(
    name = "dump",
    description = "Prints a topic's packets in tcpdump's format, or writes them as pcapng.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DumpCommand implements Callable<Integer> {
  private static final PacketLine LINE = new PacketLine();

  @Option(
      names = {"-b", "--bootstrap-server"},
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9092",
      description =
          "Connects to these Kafka brokers, separated by commas. Default: ${DEFAULT-VALUE}.")
  private String bootstrapServers;

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "TOPIC",
      defaultValue = "packets",
      description = "Reads this topic. Default: ${DEFAULT-VALUE}.")
  private String topic;

  @Option(
      names = {"-c", "--count"},
      paramLabel = "COUNT",
      description = "Stops after this many packets.")
  private Long count;

  @Option(
      names = "--from-beginning",
      fallbackValue = CaptureFlags.ON,
      description = "Starts at the oldest packet. Default: at the next one.")
  private boolean fromBeginning;

  @Option(
      names = {"-e", "--end"},
      fallbackValue = CaptureFlags.ON,
      description = "Stops at the packet that is the last one when the command starts.")
  private boolean untilEnd;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description =
          "Looks up schema IDs in this registry, given as for capture. Default: assumes this"
              + " version's schema.")
  private String registry;

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE|-",
      description = "Writes pcapng to this file; - writes to standard output.")
  private String writeTo;

  @Option(
      names = "--consumer-config",
      paramLabel = "FILE",
      description =
          "Reads Kafka consumer settings from this properties file. Put passwords here: -X shows them"
              + " in the process list.")
  private Path consumerConfig;

  @Option(
      names = "-X",
      paramLabel = "KEY=VALUE",
      description = "Sets a Kafka consumer setting; overrides --consumer-config. Repeatable.")
  private Map<String, String> consumerSettings = new LinkedHashMap<>();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (count != null && count < 1) {
      throw new ParameterException(spec.commandLine(), "-c is " + count + "; expected 1 or more");
    }
    Properties settings = new Properties();
    settings.setProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    if (consumerConfig != null) {
      settings.putAll(OptionFile.settings(spec.commandLine(), "--consumer-config", consumerConfig));
    }
    settings.putAll(consumerSettings);
    try (SchemaRegistry schemas = registry == null ? null : SchemaRegistry.at(registryUrl());
        TopicReader reader =
            new TopicReader(
                settings, topic, fromBeginning, new PacketDecoder(schemas, DumpCommand::note));
        Output output = writeTo == null ? new Lines() : new Pcapng(writeTo)) {
      Shutdown.onSignal(reader::wakeUp);
      long shown = 0;
      while (!reader.isWokenUp()) {
        List<Packet> packets = reader.poll();
        for (Packet packet : packets) {
          output.add(packet);
          if (count != null && ++shown == count) {
            return end(reader, output);
          }
        }
        output.flush();
        if (output.isGone() || untilEnd && reader.isAtEnd()) {
          break;
        }
      }
      return end(reader, output);
    }
  }

  private RegistryUrl registryUrl() {
    try {
      return RegistryUrl.parse(registry);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--registry: " + e.getMessage());
    }
  }

  private static void note(String sentence) {
    System.err.println("ringtap: " + TerminalText.line(sentence));
  }

  private int end(TopicReader reader, Output output) throws IOException {
    output.flush();
    if (reader.foreignRecords() > 0) {
      System.err.printf("%d records of topic %s were no packets%n", reader.foreignRecords(), topic);
      return Main.FAILED;
    }
    return Main.OK;
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

    /** Whether nobody reads any more. */
    boolean isGone();
  }

  private static final class Lines implements Output {
    private final PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false);

    private final StringBuilder text = new StringBuilder();

    @Override
    public void add(Packet packet) {
      if (packet.getLostBefore() > 0) {
        text.append("    ").append(packet.getLostBefore()).append(" frames lost here\n");
      }
      text.append(line(packet)).append('\n');
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
      out.flush();
    }
  }

  private static final class Pcapng implements Output {
    private record Interface(CaptureId capture, int linkType) {}

    private final PcapngWriter writer;
    private final Map<Interface, Integer> interfaces = new HashMap<>();

    Pcapng(String target) throws IOException {
      writer =
          target.equals("-")
              ? new PcapngWriter(new FileOutputStream(FileDescriptor.out).getChannel())
              : PcapngWriter.create(Path.of(target));
    }

    @Override
    public void add(Packet packet) throws IOException {
      Interface on = new Interface(PacketFields.capture(packet), packet.getLinkType());
      Integer id = interfaces.get(on);
      if (id == null) {
        id = writer.addInterface(on.capture(), on.linkType(), CaptureOption.MAX_SNAP_LENGTH_BYTES);
        interfaces.put(on, id);
      }
      MemorySegment payload = MemorySegment.ofBuffer(packet.getPayload());
      writer.write(
          id,
          PacketFields.timestampNanos(packet),
          packet.getOriginalLength(),
          PacketFields.packetType(packet),
          packet.getFlags(),
          packet.getLostBefore(),
          payload,
          0,
          (int) payload.byteSize());
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
