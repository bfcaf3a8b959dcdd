package dev.ringtap.kafka.monitor;

import com.sun.net.httpserver.HttpExchange;
import dev.ringtap.kafka.agent.AgentException;
import io.prometheus.metrics.config.ExporterFilterProperties;
import io.prometheus.metrics.config.ExporterHttpServerProperties;
import io.prometheus.metrics.config.PrometheusProperties;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Serves an agent's metrics and its health over HTTP: {@code /metrics}, {@code /livez} and {@code
 * /readyz}. It does nothing between requests.
 */
public final class Monitor implements AutoCloseable {
  /**
   * The HTTP server of the JDK has no limits by default: a client may send a request for ever. And
   * a response is two writes: on a connection that is kept, Nagle's algorithm holds the second back
   * until the client's delayed acknowledgement, 40 ms. Each may be set otherwise on the command
   * line of java.
   */
  private static final Map<String, String> HTTP_SETTINGS =
      Map.of(
          "sun.net.httpserver.maxReqTime", "5",
          "sun.net.httpserver.maxRspTime", "10",
          "jdk.httpserver.maxConnections", "32",
          "sun.net.httpserver.nodelay", "true");

  static {
    HTTP_SETTINGS.forEach(System.getProperties()::putIfAbsent);
  }

  /**
   * What keeps a scrape cheap. Half of its CPU time would go into compressing it, and a third into
   * metrics of the JVM that do not tell how an agent fares; the search for deadlocked threads stops
   * them all.
   */
  private static final PrometheusProperties PROPERTIES =
      PrometheusProperties.builder()
          .exporterHttpServerProperties(
              ExporterHttpServerProperties.builder().preferUncompressedResponse(true).build())
          .exporterFilterProperties(
              ExporterFilterProperties.builder()
                  .excludedPrefixes(
                      "jvm_memory_pool_",
                      "jvm_classes_",
                      "jvm_compilation_",
                      "jvm_threads_deadlocked",
                      "jvm_threads_state")
                  .build())
          .build();

  private final HTTPServer server;
  private final InetSocketAddress address;
  private volatile String phase = "the capture is being opened";

  /** Null until the capture is open. */
  private volatile @Nullable Subject subject;

  private Monitor(InetSocketAddress address) throws IOException {
    PrometheusRegistry registry = new PrometheusRegistry();
    JvmMetrics.builder().register(registry);
    registry.register((MultiCollector) this::collect);
    try {
      server =
          HTTPServer.builder(PROPERTIES)
              .inetAddress(address.getAddress())
              .port(address.getPort())
              .registry(registry)
              .registerHealthHandler(false)
              .defaultHandler(this::answer)
              // A client that is slow holds a thread, and no other client. It is no virtual thread:
              // there BufferedWriter begins small and, written to by the character as here, is
              // copied at each one.
              .executorService(
                  Executors.newCachedThreadPool(
                      Thread.ofPlatform().daemon().name("metrics-", 0).factory()))
              .buildAndStart();
    } catch (IOException e) {
      throw new IOException(
          "cannot serve metrics on %s: %s; choose another address with --metrics"
              .formatted(text(address), AgentException.sentence(e).toLowerCase(Locale.ROOT)),
          e);
    }
    this.address = new InetSocketAddress(address.getAddress(), server.getPort());
  }

  /**
   * Starts to serve; the agent is not ready yet.
   *
   * @param address where; port 0 takes a free one
   * @throws IOException if that cannot be had; the message says what to do
   */
  public static Monitor start(InetSocketAddress address) throws IOException {
    return new Monitor(address);
  }

  /** Says what the agent is waiting for before its capture is open. */
  public void starting(String what) {
    phase = what;
  }

  /** The capture is open: from now on it is watched. */
  public void watch(Subject agent) {
    subject = agent;
  }

  /** Where Prometheus finds the metrics. */
  public String url() {
    return "http://" + text(address) + "/metrics";
  }

  /** Whether other hosts may reach it. */
  public boolean isPublic() {
    return !address.getAddress().isLoopbackAddress();
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  private MetricSnapshots collect() {
    Subject watched = subject;
    if (watched == null) {
      return MetricSnapshots.of();
    }
    return collect(new Sample(watched, watched.counts().get()));
  }

  static MetricSnapshots collect(Sample sample) {
    List<MetricSnapshot> all =
        Arrays.stream(AgentMetric.values())
            .map(metric -> metric.snapshot(sample))
            .filter(Objects::nonNull)
            .toList();
    return new MetricSnapshots(all);
  }

  private void answer(HttpExchange exchange) throws IOException {
    Subject watched = subject;
    switch (exchange.getRequestURI().getPath()) {
      case "/livez" ->
          send(
              exchange,
              watched == null
                  ? Health.starting(phase, false)
                  : Health.live(watched.counts().get()));
      case "/readyz" ->
          send(exchange, watched == null ? Health.starting(phase, true) : Health.ready(watched));
      default -> send(exchange, 404, "not here; there are /metrics, /livez and /readyz\n");
    }
  }

  private static void send(HttpExchange exchange, Health health) throws IOException {
    send(exchange, health.isOk() ? 200 : 503, health.toString());
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    try (exchange) {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
