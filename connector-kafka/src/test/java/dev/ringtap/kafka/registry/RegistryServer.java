package dev.ringtap.kafka.registry;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A real registry, Apicurio's, in memory: a process of its own that the build has unpacked. */
public final class RegistryServer implements AutoCloseable {
  private static final Path PROGRAM = Path.of("target", "registry", "quarkus-run.jar");
  private static final int START_SECONDS = 120;

  private final Process process;
  private final String root;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private RegistryServer(Process process, int port) {
    this.process = process;
    this.root = "http://127.0.0.1:" + port;
  }

  /** Starts one, or skips the test where the build has not unpacked it. */
  public static RegistryServer start(Path directory) throws IOException {
    assumeTrue(
        Files.exists(PROGRAM), "needs " + PROGRAM + ", which `./mvnw verify` fetches and unpacks");
    int port;
    int managementPort;
    try (ServerSocket one = new ServerSocket(0);
        ServerSocket two = new ServerSocket(0)) {
      port = one.getLocalPort();
      managementPort = two.getLocalPort();
    }
    Path log = directory.resolve("registry.log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Djava.io.tmpdir=" + directory,
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + port,
                "-Dquarkus.management.host=127.0.0.1",
                "-Dquarkus.management.port=" + managementPort,
                "-jar",
                PROGRAM.toAbsolutePath().toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    RegistryServer server = new RegistryServer(process, port);
    try {
      server.awaitReady(log);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return server;
  }

  private void awaitReady(Path log) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      try {
        if (client
                .send(
                    HttpRequest.newBuilder(URI.create(url() + "/subjects")).build(),
                    BodyHandlers.ofString())
                .statusCode()
            == 200) {
          return;
        }
      } catch (IOException e) {
        // not listening yet
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(
            "no registry after " + START_SECONDS + " s:\n" + Files.readString(log));
      }
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }

  /** Where Confluent's API is. */
  public String url() {
    return root + "/apis/ccompat/v7";
  }

  /** Where Apicurio's own API is. */
  public String apicurioUrl() {
    return root + "/apis/registry/v3";
  }

  /** Sends a request to Confluent's API; the answer's body, which must come with 200. */
  public String ask(String method, String path, String body) throws IOException {
    try {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(URI.create(url() + path))
                  .timeout(Duration.ofSeconds(20))
                  .header("Content-Type", "application/json")
                  .method(method, HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(path + ": HTTP " + answer.statusCode() + " " + answer.body());
      }
      return answer.body();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
