package dev.ringtap.testcontainers.app;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Greets over HTTP/1.1, or with a key store over HTTPS: a program to be watched in its container.
 */
final class GreetingServer {
  private static final String ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

  private GreetingServer() {}

  /** Takes the port, then perhaps the key store and its password. */
  public static void main(String[] arguments) throws IOException, GeneralSecurityException {
    ServerSocketFactory sockets =
        arguments.length == 1
            ? ServerSocketFactory.getDefault()
            : tls(arguments[1], arguments[2].toCharArray()).getServerSocketFactory();
    try (ServerSocket server = sockets.createServerSocket(Integer.parseInt(arguments[0]))) {
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

  private static SSLContext tls(String file, char[] password)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(file)) {
      store.load(in, password);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static void answer(Socket client) throws IOException {
    BufferedReader request =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
    for (String line = request.readLine(); line != null && !line.isEmpty(); ) {
      line = request.readLine();
    }
    client.getOutputStream().write(ANSWER.getBytes(StandardCharsets.ISO_8859_1));
  }
}
