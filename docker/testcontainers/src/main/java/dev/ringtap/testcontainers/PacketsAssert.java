package dev.ringtap.testcontainers;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.ContainerState;

/**
 * Assertions on packets, for AssertJ. Some choose packets, the others check those that are chosen;
 * a failure shows who talked to whom and the first packets.
 *
 * <pre>{@code
 * assertThatPackets(ringtap).from(shop).toPort(443).usesTls("TLS 1.3").retransmitsAtMost(2);
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class PacketsAssert extends AbstractAssert<PacketsAssert, List<CapturedPacket>> {
  private static final int MOST_LINES = 20;
  private static final long LOOK_MILLIS = 200;

  private static final int TCP = 6;
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int ACK = 16;

  private PacketsAssert(List<CapturedPacket> packets) {
    super(packets, PacketsAssert.class);
  }

  /** Assertions on all packets that were on the wire before this call. */
  public static PacketsAssert assertThatPackets(RingtapContainer ringtap) {
    return new PacketsAssert(ringtap.packets());
  }

  /** Assertions on these packets. */
  public static PacketsAssert assertThatPackets(List<CapturedPacket> packets) {
    return new PacketsAssert(packets);
  }

  /**
   * Reads packets until assertions on them hold.
   *
   * @param timeout after which the last failure is thrown
   */
  public static void eventually(
      RingtapContainer ringtap, Duration timeout, Consumer<PacketsAssert> assertions) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      try {
        assertions.accept(assertThatPackets(ringtap));
        return;
      } catch (AssertionError e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while packets are awaited", e);
      }
    }
  }

  /** Chooses what a container sent. */
  public PacketsAssert from(ContainerState container) {
    String name = RingtapContainer.name(container.getContainerInfo());
    return choose(
        packet -> packet.type() == CapturedPacket.Type.OUTGOING && packet.container().equals(name));
  }

  /** Chooses what a container received. */
  public PacketsAssert to(ContainerState container) {
    String name = RingtapContainer.name(container.getContainerInfo());
    return choose(
        packet -> packet.type() != CapturedPacket.Type.OUTGOING && packet.container().equals(name));
  }

  /** Chooses what goes to a port. */
  public PacketsAssert toPort(int port) {
    return choose(packet -> packet.dstPort() == port);
  }

  /** Chooses what comes from a port. */
  public PacketsAssert fromPort(int port) {
    return choose(packet -> packet.srcPort() == port);
  }

  /** Chooses both directions of what goes to a port and comes back. */
  public PacketsAssert withPort(int port) {
    return choose(packet -> packet.dstPort() == port || packet.srcPort() == port);
  }

  /** Chooses what a predicate keeps. */
  public PacketsAssert choose(Predicate<CapturedPacket> predicate) {
    isNotNull();
    PacketsAssert chosen =
        new PacketsAssert(actual.stream().filter(predicate).collect(Collectors.toList()));
    chosen.all = all == null ? actual : all;
    return chosen;
  }

  /** Those among which {@link #actual} was chosen, or null. */
  private @Nullable List<CapturedPacket> all;

  /** Checks that there are packets. */
  public PacketsAssert isNotEmpty() {
    return check(!actual.isEmpty(), "at least one packet");
  }

  /** Checks that there is no packet. */
  public PacketsAssert isEmpty() {
    return check(actual.isEmpty(), "no packet, but there are " + actual.size());
  }

  /** Checks how many bytes were on the wire, headers included. */
  public PacketsAssert carriesAtMost(long bytes) {
    long sum = actual.stream().mapToLong(CapturedPacket::originalLength).sum();
    return check(sum <= bytes, "at most " + bytes + " bytes, but there are " + sum);
  }

  /**
   * Checks how many TCP connections were asked for. A SYN that is sent again is no further
   * connection.
   */
  public PacketsAssert opensConnections(int least, int most) {
    Set<Object> connections = new HashSet<>();
    for (CapturedPacket packet : actual) {
      if (packet.isConnectionRequest()) {
        connections.add(List.of(direction(packet), packet.tcpSequence()));
      }
    }
    int count = connections.size();
    return check(
        count >= least && count <= most,
        least + " to " + most + " connections opened, but there are " + count);
  }

  /** Checks that no request for a TCP connection was answered by RST. Needs both directions. */
  public PacketsAssert hasNoRefusedConnection() {
    Set<Object> asked = new HashSet<>();
    for (CapturedPacket packet : actual) {
      if (packet.isConnectionRequest()) {
        asked.add(direction(packet));
      } else if ((packet.tcpFlags() & (SYN | ACK)) == (SYN | ACK) && packet.tcpFlags() > 0) {
        asked.remove(reverse(packet));
      } else if (packet.tcpFlags() > 0
          && (packet.tcpFlags() & RST) != 0
          && asked.contains(reverse(packet))) {
        return check(false, "no refused connection, but this one: " + packet);
      }
    }
    return this;
  }

  /**
   * Checks how many TCP segments were sent again: those with data, SYN or FIN whose sequence number
   * and length were there before.
   */
  public PacketsAssert retransmitsAtMost(int segments) {
    Set<Object> seen = new HashSet<>();
    int again = 0;
    for (CapturedPacket packet : actual) {
      if (packet.ipProtocol() == TCP && packet.tcpFlags() >= 0) {
        int length = packet.data().length;
        int flags = packet.tcpFlags() & (SYN | FIN);
        if (length + flags > 0
            && !seen.add(
                List.of(
                    packet.container(), direction(packet), packet.tcpSequence(), length, flags))) {
          again++;
        }
      }
    }
    return check(
        again <= segments, "at most " + segments + " retransmissions, but there are " + again);
  }

  /**
   * Checks that a text is in no TCP stream and no datagram, in UTF-8. Within a direction of a
   * connection the segments are joined, so that no border hides it.
   */
  public PacketsAssert hasNoClearText(String secret) {
    String wanted = latin(secret.getBytes(StandardCharsets.UTF_8));
    for (Map.Entry<Object, String> stream : streams().entrySet()) {
      if (stream.getValue().contains(wanted)) {
        return check(false, "no clear text \"" + secret + "\", but it is in " + stream.getKey());
      }
    }
    return this;
  }

  /**
   * Checks that every TCP connection with data begins with a TLS hello, in both directions as far
   * as they are chosen, and that there is one.
   */
  public PacketsAssert usesTls() {
    Collection<CapturedPacket> first = firstOfStreams();
    check(!first.isEmpty(), "TLS, but no connection has data");
    for (CapturedPacket packet : first) {
      check(packet.tlsVersion() != null, "TLS, but a connection begins with: " + packet);
    }
    return this;
  }

  /**
   * As {@link #usesTls()}, and that the hellos name a version: of a client the highest that it
   * offers, of a server the one that it chose.
   *
   * @param version {@code TLS 1.3}
   */
  public PacketsAssert usesTls(String version) {
    usesTls();
    for (CapturedPacket packet : firstOfStreams()) {
      check(
          version.equals(packet.tlsVersion()),
          version + ", but there is " + packet.tlsVersion() + ": " + packet);
    }
    return this;
  }

  /** Checks that a name was asked for by DNS, without a dot at its end. */
  public PacketsAssert asksDnsFor(String name) {
    Set<String> asked =
        actual.stream()
            .map(CapturedPacket::dnsQuestionName)
            .filter(Objects::nonNull)
            .collect(Collectors.toSet());
    return check(asked.contains(name), "a DNS question for " + name + ", but there are " + asked);
  }

  /**
   * Checks that an HTTP/1 request was sent.
   *
   * @param line its first line, {@code GET /index.html HTTP/1.1}
   */
  public PacketsAssert requestsHttp(String line) {
    List<String> lines =
        actual.stream()
            .map(CapturedPacket::httpRequestLine)
            .filter(Objects::nonNull)
            .collect(Collectors.toList());
    return check(lines.contains(line), "the HTTP request " + line + ", but there are " + lines);
  }

  private PacketsAssert check(boolean holds, String expected) {
    if (!holds) {
      StringBuilder message = new StringBuilder("expected " + expected + "\n");
      message.append(actual.size()).append(" packets");
      if (all != null) {
        message.append(" of ").append(all.size());
      }
      List<CapturedPacket> shown = actual.isEmpty() && all != null ? all : actual;
      message.append(":\n").append(Conversations.table(shown));
      shown.stream()
          .limit(MOST_LINES)
          .forEach(packet -> message.append("  ").append(packet).append('\n'));
      if (shown.size() > MOST_LINES) {
        message.append("  and ").append(shown.size() - MOST_LINES).append(" more\n");
      }
      failWithMessage("%s", message);
    }
    return this;
  }

  private static List<Object> direction(CapturedPacket packet) {
    return List.of(
        String.valueOf(packet.ipSrc()),
        packet.srcPort(),
        String.valueOf(packet.ipDst()),
        packet.dstPort());
  }

  private static List<Object> reverse(CapturedPacket packet) {
    return List.of(
        String.valueOf(packet.ipDst()),
        packet.dstPort(),
        String.valueOf(packet.ipSrc()),
        packet.srcPort());
  }

  /** The first packet with data of each direction of each TCP connection. */
  private Collection<CapturedPacket> firstOfStreams() {
    Map<Object, CapturedPacket> first = new LinkedHashMap<>();
    for (CapturedPacket packet : actual) {
      if (packet.ipProtocol() == TCP && packet.data().length > 0) {
        first.putIfAbsent(direction(packet), packet);
      }
    }
    return first.values();
  }

  /** Data of each direction, a character for each byte. */
  private Map<Object, String> streams() {
    Map<Object, ByteArrayOutputStream> streams = new LinkedHashMap<>();
    Set<Object> seen = new HashSet<>();
    for (CapturedPacket packet : actual) {
      byte[] data = packet.data();
      List<Object> direction = new ArrayList<>(direction(packet));
      direction.add(packet.container());
      boolean again =
          packet.ipProtocol() == TCP
              && !seen.add(List.of(direction, packet.tcpSequence(), data.length));
      if (data.length > 0 && !again) {
        streams.computeIfAbsent(direction, key -> new ByteArrayOutputStream()).writeBytes(data);
      }
    }
    Map<Object, String> texts = new LinkedHashMap<>();
    streams.forEach((direction, bytes) -> texts.put(direction, latin(bytes.toByteArray())));
    return texts;
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
