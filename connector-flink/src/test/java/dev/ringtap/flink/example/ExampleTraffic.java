package dev.ringtap.flink.example;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.flink.source.CaptureLab;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;

/** Where an example's packets come from: an interface of the machine, or a virtual wire. */
final class ExampleTraffic implements AutoCloseable {
  private static final int DEFAULT_SECONDS = 15;
  private static final String VIRTUAL_WIRE = "-";
  private static final int MILLIS_BETWEEN = 1;
  private static final int[] PORTS = {53, 80, 443, 8883};

  private final CaptureConfig capture;
  private final Duration duration;
  private final CaptureLab lab;
  private volatile boolean ended;

  private ExampleTraffic(CaptureConfig capture, Duration duration, CaptureLab lab) {
    this.capture = capture;
    this.duration = duration;
    this.lab = lab;
  }

  /**
   * @param arguments an interface and seconds; nothing, or a minus, for a virtual wire
   */
  static ExampleTraffic start(String[] arguments) throws IOException {
    int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : DEFAULT_SECONDS;
    if (arguments.length > 0 && !arguments[0].equals(VIRTUAL_WIRE)) {
      return new ExampleTraffic(
          CaptureConfig.on(arguments[0]).build(), Duration.ofSeconds(seconds), null);
    }
    String cause = PrivateNetwork.unavailabilityCause();
    if (cause != null) {
      System.err.println(
          "a virtual wire needs root ("
              + cause
              + "); name an interface: connector-flink/bin/example top-talkers eth0 60");
      System.exit(3);
    }
    CaptureLab lab = CaptureLab.createOrSkip();
    ExampleTraffic traffic =
        new ExampleTraffic(lab.capture().build(), Duration.ofSeconds(seconds), lab);
    Thread sender = new Thread(traffic::send, "office");
    sender.setDaemon(true);
    sender.start();
    return traffic;
  }

  CaptureConfig capture() {
    return capture;
  }

  /** The same as options of a table. */
  String tableOptions() throws IOException {
    return lab == null ? "'interface' = '" + capture.interfaceName() + "'" : lab.tableOptions();
  }

  Duration duration() {
    return duration;
  }

  /** Conversations of 20 hosts on three VLANs; the lower a host's number the more it says. */
  private void send() {
    Random random = new Random(2026);
    try (FrameSender out = lab.network().sender(PrivateNetwork.LEFT)) {
      while (!ended) {
        int host = 1 + Math.min(random.nextInt(20), random.nextInt(20));
        int port = PORTS[random.nextInt(PORTS.length)];
        byte[] data = new byte[random.nextInt(1000)];
        byte[] packet =
            port == 53
                ? Packets.udp("10.0.0." + host, 40_000 + host, "10.0.1.1", port, data)
                : Packets.tcp("10.0.0." + host, 40_000 + host, "10.0.1.1", port, Packets.ACK, data);
        out.send(Packets.tag(Packets.ethernet(packet), 0x8100, 100 * (1 + host % 3)));
        Thread.sleep(MILLIS_BETWEEN);
      }
    } catch (IOException | InterruptedException e) {
      System.err.println("the made-up traffic ended: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    ended = true;
    if (lab != null) {
      lab.close();
    }
  }
}
