package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A JobManager that runs a job of two readers, once two TaskManagers are there. Readers write what
 * they read into files, a line for each frame: member, number, sequence, capture.
 */
final class FailoverJob {
  /** Where the number of a frame is in it: after the headers of Ethernet, IPv4 and UDP. */
  static final int NUMBER_AT = 14 + 20 + 8;

  private static final int REST_PORT = 8081;
  private static final int HOSTS = 2;

  /** Of each TaskManager: one has room for both readers. */
  static final int SLOTS = 2;

  private FailoverJob() {}

  /** What a line of a file says. */
  private static final class Line implements PacketDeserializer<String> {
    private static final long serialVersionUID = 1;

    @Override
    public String deserialize(Frame frame) {
      byte[] bytes = frame.payload();
      int number = 0;
      for (int i = NUMBER_AT; i < NUMBER_AT + Integer.BYTES; i++) {
        number = number << Byte.SIZE | bytes[i] & 0xFF;
      }
      CaptureId capture = frame.capture();
      return String.join(
          " ",
          String.valueOf(capture.member()),
          String.valueOf(number),
          String.valueOf(frame.sequence()),
          capture.toString());
    }

    @Override
    public TypeInformation<String> getProducedType() {
      return Types.STRING;
    }
  }

  /** Writes at once: the process may be killed. */
  private static final class Write implements MapFunction<String, String> {
    private static final long serialVersionUID = 1;

    private final String directory;

    Write(Path directory) {
      this.directory = directory.toString();
    }

    @Override
    public String map(String line) throws IOException {
      Path file =
          Path.of(
              directory,
              ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId() + ".frames");
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return line;
    }
  }

  /**
   * @param arguments the directory of the configuration and for the frames, the JobManager's
   *     address
   */
  public static void main(String[] arguments) throws Exception {
    String directory = arguments[0];
    String address = arguments[1];
    Thread cluster =
        new Thread(
            () -> StandaloneSessionClusterEntrypoint.main(new String[] {"--configDir", directory}),
            "cluster");
    cluster.setDaemon(true);
    cluster.start();
    while (!areAllSlotsThere(address)) {
      Thread.sleep(200);
    }
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createRemoteEnvironment(address, REST_PORT);
    env.setParallelism(HOSTS);
    env.fromSource(
            PacketSource.<String>builder()
                .interfaceName(PrivateNetwork.RIGHT)
                .deserializer(new Line())
                .build(),
            WatermarkStrategy.noWatermarks(),
            "live")
        .map(new Write(Path.of(directory)))
        .sinkTo(new DiscardingSink<>());
    env.execute();
  }

  private static boolean areAllSlotsThere(String address) {
    String url = String.format(Locale.ROOT, "http://%s:%d/overview", address, REST_PORT);
    try (var answer = URI.create(url).toURL().openStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8)
          .contains("\"slots-available\":" + HOSTS * SLOTS + ",");
    } catch (IOException e) {
      return false;
    }
  }
}
