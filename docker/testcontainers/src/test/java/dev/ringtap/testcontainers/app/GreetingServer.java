package dev.ringtap.testcontainers.app;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Greets over HTTP/1.1 or HTTPS: a program to be watched in its container. */
final class GreetingServer {
  private static final String PASSWORD = "greetings";
  private static final String ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

  private GreetingServer() {}

  /** Takes http or https, and the port. */
  public static void main(String[] arguments) throws Exception {
    ServerSocketFactory sockets =
        arguments[0].equals("https")
            ? tls().getServerSocketFactory()
            : ServerSocketFactory.getDefault();
    try (ServerSocket server = sockets.createServerSocket(Integer.parseInt(arguments[1]))) {
      System.out.println("ready");
      while (true) {
        try (Socket client = server.accept()) {
          answer(client);
        } catch (IOException e) {
          System.out.println(e);
        }
      }
    }
  }

  /** With a certificate of its own that nobody has signed. */
  private static SSLContext tls()
      throws IOException, GeneralSecurityException, InterruptedException {
    String file = "/tmp/keys.p12";
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String options =
        "-genkeypair -alias greetings -keyalg EC -dname CN=greetings -storepass %s -keystore %s"
            .formatted(PASSWORD, file);
    new ProcessBuilder((keytool + " " + options).split(" ")).inheritIO().start().waitFor();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static void answer(Socket client) throws IOException {
    BufferedReader request =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
    String line = request.readLine();
    while (line != null && !line.isEmpty()) {
      line = request.readLine();
    }
    client.getOutputStream().write(ANSWER.getBytes(StandardCharsets.ISO_8859_1));
  }
}
