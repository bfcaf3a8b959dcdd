package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.TcpEndpointFilter;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps the agent's own connections to the brokers out of its capture: they would be sent, captured
 * and sent again. Follows brokers that move or join by {@link PacketCapture#setFilter}, which loses
 * no frame. For one thread.
 */
final class OwnTraffic {
  private static final System.Logger LOG = System.getLogger(OwnTraffic.class.getName());

  /** A client closes a connection that is idle for nine minutes: until then an address counts. */
  private static final long KEEP_NANOS = Duration.ofMinutes(10).toNanos();

  /** Looks in a row at which captured bytes follow sent ones before that is told. */
  private static final int SUSPICIOUS_LOOKS = 20;

  private static final long LEAST_SUSPICIOUS_BYTES = 10_000;

  /** Headers of Ethernet, IP and TCP, and what is acknowledged, come on top of what is sent. */
  private static final double MOST_ON_TOP = 1.25;

  /** What changes the filter of one capture. */
  interface FilterChange {
    void setFilter(BpfProgram filter) throws CaptureException;
  }

  private final BpfProgram rest;
  private final int linkHeaderBytes;
  private final Map<InetSocketAddress, Long> seenAt = new HashMap<>();
  private Set<InetSocketAddress> excluded = Set.of();
  private Set<InetSocketAddress> tooMany = Set.of();

  private long lastCapturedBytes;
  private long lastSentBytes;
  private int suspiciousLooks;

  OwnTraffic(CaptureConfig capture, CaptureInterface device) {
    rest = capture.kernelProgram();
    linkHeaderBytes = device.ethernetHeaderBytes();
  }

  /**
   * The filter that excludes these brokers beside those of the last minutes.
   *
   * @throws AgentException if it is too long for the kernel
   */
  BpfProgram exclude(Set<HostPort> brokers) throws AgentException {
    Set<InetSocketAddress> wanted = addresses(brokers, System.nanoTime());
    BpfProgram filter = filter(wanted);
    excluded = wanted;
    return filter;
  }

  private Set<InetSocketAddress> addresses(Set<HostPort> brokers, long now) {
    for (HostPort broker : brokers) {
      for (InetSocketAddress address : broker.resolve()) {
        seenAt.put(address, now);
      }
    }
    seenAt.values().removeIf(at -> now - at > KEEP_NANOS);
    return new LinkedHashSet<>(seenAt.keySet());
  }

  private BpfProgram filter(Set<InetSocketAddress> brokers) throws AgentException {
    try {
      return TcpEndpointFilter.refuse(List.copyOf(brokers), linkHeaderBytes, rest);
    } catch (IllegalArgumentException e) {
      throw new AgentException(
          ("the filter that excludes the traffic of %s broker addresses is too long for the"
                  + " kernel (%s); shorten yours, or capture that traffic too with --own-traffic")
              .formatted(brokers.size(), e.getMessage()),
          e);
    }
  }

  /**
   * Changes the filter of these captures when brokers have other addresses than at the last look.
   */
  void follow(Set<HostPort> brokers, List<FilterChange> captures) throws IOException {
    Set<InetSocketAddress> wanted = addresses(brokers, System.nanoTime());
    if (wanted.equals(excluded) || wanted.equals(tooMany)) {
      return;
    }
    BpfProgram filter;
    try {
      filter = filter(wanted);
    } catch (AgentException e) {
      tooMany = wanted;
      LOG.log(Level.WARNING, "brokers have moved and are captured too reason={0}", e.getMessage());
      return;
    }
    for (FilterChange each : captures) {
      each.setFilter(filter);
    }
    LOG.log(Level.INFO, "own traffic excluded brokers={0}", wanted);
    excluded = wanted;
  }

  /**
   * Warns once when a capture seems to feed itself, as with a proxy or a translation of addresses:
   * then each second it captures what was sent, and little else.
   */
  void watch(long capturedBytes, long sentBytes) {
    long captured = capturedBytes - lastCapturedBytes;
    long sent = sentBytes - lastSentBytes;
    lastCapturedBytes = capturedBytes;
    lastSentBytes = sentBytes;
    boolean follows =
        sent >= LEAST_SUSPICIOUS_BYTES && captured >= sent && captured <= sent * MOST_ON_TOP;
    suspiciousLooks = follows ? suspiciousLooks + 1 : 0;
    if (suspiciousLooks == SUSPICIOUS_LOOKS) {
      LOG.log(
          Level.WARNING,
          "the capture may contain the agent''s own connections, under addresses that Kafka does not"
              + " name; exclude them by a filter seconds={0} capturedBytes={1} sentBytes={2}",
          SUSPICIOUS_LOOKS,
          captured,
          sent);
    }
  }
}
