package dev.ringtap.kafka.agent;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.utils.Utils;

/**
 * A broker as Kafka names it.
 *
 * @param host name or address
 * @param port TCP port
 */
record HostPort(String host, int port) {
  static HostPort of(Node node) {
    return new HostPort(node.host(), node.port());
  }

  /** Those of {@code bootstrap.servers}; what Kafka refuses there is omitted. */
  static Set<HostPort> ofServers(String servers) {
    Set<HostPort> all = new LinkedHashSet<>();
    for (String each : servers.split(",")) {
      String host = Utils.getHost(each.strip());
      Integer port = Utils.getPort(each.strip());
      if (host != null && port != null) {
        all.add(new HostPort(host, port));
      }
    }
    return all;
  }

  /** All its addresses by now; none if no server knows the name. */
  List<InetSocketAddress> resolve() {
    try {
      return Arrays.stream(InetAddress.getAllByName(host))
          .map(address -> new InetSocketAddress(address, port))
          .toList();
    } catch (UnknownHostException e) {
      return List.of();
    }
  }
}
