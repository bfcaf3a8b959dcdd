package dev.ringtap.testkit;

import static dev.ringtap.testkit.Packets.ethernet;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;

/** Frames of few hosts and ports, so that random ones make flows of many frames. */
public final class FlowFrames {
  private static final int HOSTS = 4;
  private static final int CLIENT_PORTS = 5;
  private static final int[] TCP_FLAGS = {
    Packets.SYN,
    Packets.SYN | Packets.ACK,
    Packets.ACK,
    Packets.ACK,
    Packets.ACK | Packets.PSH,
    Packets.ACK | Packets.FIN,
    Packets.RST
  };

  private final Random random;

  /** What is left of a datagram: its fragments follow one another. */
  private final Deque<byte[]> fragments = new ArrayDeque<>();

  /** The same generator gives the same frames. */
  public FlowFrames(Random random) {
    this.random = random;
  }

  /** TCP segments of all kinds, datagrams and their fragments, ICMP, and frames of no flow. */
  public byte[] next() {
    if (!fragments.isEmpty()) {
      return fragments.remove();
    }
    boolean v6 = random.nextInt(3) == 0;
    int client = random.nextInt(HOSTS);
    int server = HOSTS + random.nextInt(HOSTS);
    boolean forward = random.nextBoolean();
    String src = host(v6, forward ? client : server);
    String dst = host(v6, forward ? server : client);
    int clientPort = 40_000 + random.nextInt(CLIENT_PORTS);
    return switch (random.nextInt(10)) {
      case 0 -> Packets.frame(random);
      case 1 -> ethernet(Packets.echo(src, dst, forward, 1, 1, Packets.bytes(8)));
      case 2 ->
          v6 ? Packets.frame(random) : ethernet(Packets.icmp(src, dst, 3, 1, Packets.bytes(28)));
      case 3 -> {
        byte[] datagram =
            Packets.udp(
                src,
                forward ? clientPort : 53,
                dst,
                forward ? 53 : clientPort,
                Packets.bytes(2000));
        Packets.fragments(datagram, 800).forEach(each -> fragments.add(ethernet(each)));
        yield fragments.remove();
      }
      case 4 ->
          ethernet(
              Packets.udp(
                  src,
                  forward ? clientPort : 53,
                  dst,
                  forward ? 53 : clientPort,
                  Packets.bytes(random.nextInt(200))));
      default -> {
        int flags = TCP_FLAGS[random.nextInt(TCP_FLAGS.length - (random.nextInt(9) == 0 ? 0 : 1))];
        yield ethernet(
            Packets.tcp(
                src,
                forward ? clientPort : 80,
                dst,
                forward ? 80 : clientPort,
                flags,
                random.nextInt(3),
                random.nextInt(3),
                new byte[0],
                Packets.bytes((flags & Packets.SYN) == 0 ? random.nextInt(3) : 0)));
      }
    };
  }

  private static String host(boolean v6, int number) {
    return (v6 ? "2001:db8::" : "10.0.0.") + (number + 1);
  }
}
