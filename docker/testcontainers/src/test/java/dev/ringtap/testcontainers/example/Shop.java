package dev.ringtap.testcontainers.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testcontainers.TestApp;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.testcontainers.containers.Network;

/** The applications that the examples watch, and what happens to them. */
public final class Shop {
  private static final int PORT = 8443;

  private Shop() {}

  /** Serves its customers by HTTPS, as it should. */
  public static TestApp withTls() {
    return server("https");
  }

  /** Serves its customers by HTTP. */
  public static TestApp withoutTls() {
    return server("http");
  }

  private static TestApp server(String scheme) {
    return new TestApp()
        .running("GreetingServer", scheme, Integer.toString(PORT))
        .withEnv("SCHEME", scheme)
        .withExposedPorts(PORT);
  }

  /** A customer comes in. */
  public static void visit(TestApp shop) throws IOException, GeneralSecurityException {
    boolean tls = shop.getEnvMap().get("SCHEME").equals("https");
    SocketFactory sockets = tls ? trustingAll() : SocketFactory.getDefault();
    try (Socket socket = sockets.createSocket(shop.getHost(), shop.getMappedPort(PORT))) {
      OutputStream out = socket.getOutputStream();
      out.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      assertThat(socket.getInputStream().readAllBytes()).asString().endsWith("hello");
    }
  }

  private static SocketFactory trustingAll() throws GeneralSecurityException {
    TrustManager all =
        new X509TrustManager() {
          @Override
          public void checkClientTrusted(X509Certificate[] chain, String authType) {}

          @Override
          public void checkServerTrusted(X509Certificate[] chain, String authType) {}

          @Override
          public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
          }
        };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {all}, null);
    return context.getSocketFactory();
  }

  /** Has a database, which the network knows as "database". */
  public static TestApp withDatabase(Network network) {
    return new TestApp().withNetwork(network);
  }

  /** A database on which nothing listens. */
  public static TestApp databaseThatIsDown(Network network) {
    return new TestApp().withNetwork(network).withNetworkAliases("database");
  }

  /** Asks the database, a few times if need be. */
  public static void checkOut(TestApp shop) throws IOException, InterruptedException {
    shop.shell(
        "for attempt in 1 2 3; do (: > /dev/tcp/database/5432) && break; sleep 0.1; done; true");
  }

  /** Films what happens, for VLAN 42. */
  public static void film(TestApp camera) throws IOException, InterruptedException {
    byte[] frame = Frames.udp("8100a02a", 5004, 100);
    camera.send(frame, frame, frame);
  }
}
