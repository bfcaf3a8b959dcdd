package dev.ringtap.kafka.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class MonitorTest {
  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static HttpResponse<String> get(Monitor monitor, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create(monitor.url()).resolve(path);
      HttpRequest request = HttpRequest.newBuilder(uri).header("Accept-Encoding", "gzip").build();
      return client.send(request, BodyHandlers.ofString());
    }
  }

  /** An orchestrator must not end an agent that waits for its interface. */
  @Test
  void isAliveAndNotReadyUntilItsCaptureIsOpen() throws Exception {
    try (Monitor monitor = Monitor.start(loopback(0))) {
      monitor.starting("waits for interface eth0");

      HttpResponse<String> live = get(monitor, "/livez");
      assertThat(live.body()).isEqualTo("ok starting: waits for interface eth0\n");
      assertThat(live.statusCode()).isEqualTo(200);
      HttpResponse<String> ready = get(monitor, "/readyz");
      assertThat(ready.body()).isEqualTo("FAIL starting: waits for interface eth0\n");
      assertThat(ready.statusCode()).isEqualTo(503);
      HttpResponse<String> metrics = get(monitor, "/metrics");
      assertThat(metrics.statusCode()).isEqualTo(200);
      assertThat(metrics.body())
          .contains("jvm_memory_used_bytes", "jvm_gc_collection_seconds", "process_open_fds")
          .doesNotContain("ringtap_frames", "jvm_memory_pool", "jvm_threads_deadlocked");
    }
  }

  @Test
  void namesWhatThereIs() throws Exception {
    try (Monitor monitor = Monitor.start(loopback(0))) {
      HttpResponse<String> answer = get(monitor, "/");
      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(answer.body()).contains("/metrics, /livez and /readyz");
    }
  }

  @Test
  void aTakenPortIsOneClearSentence() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> Monitor.start(loopback(other.getLocalPort())))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "cannot serve metrics on 127.0.0.1:%d: address already in use; choose another address"
                  + " with --metrics",
              other.getLocalPort());
    }
  }

  @Test
  void saysWhoReachesIt() throws Exception {
    try (Monitor here = Monitor.start(loopback(0));
        Monitor everywhere = Monitor.start(new InetSocketAddress("0.0.0.0", 0))) {
      assertThat(here.isPublic()).isFalse();
      assertThat(here.url()).matches("http://127\\.0\\.0\\.1:[1-9]\\d+/metrics");
      assertThat(everywhere.isPublic()).isTrue();
    }
  }
}
