package dev.ringtap.kafka.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP port in front of a broker that lets bytes through at a rate, or holds them. For tests;
 * thread-safe.
 */
final class SlowLink implements AutoCloseable {
  static final long UNLIMITED = Long.MAX_VALUE;
  static final long STALLED = 0;

  private static final int CHUNK_BYTES = 16 << 10;
  private static final long PAUSE_NANOS = 1_000_000;

  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile int target;
  private volatile long bytesPerSecond = UNLIMITED;
  private volatile boolean closed;

  SlowLink() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Begins to let connections through to this port. */
  void connect(int brokerPort) {
    target = brokerPort;
    start(this::accept);
  }

  /** Bytes that each connection lets through to the broker in a second. */
  void limit(long rate) {
    bytesPerSecond = rate;
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "slow-link");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        connect(listener.accept());
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void connect(Socket client) throws IOException {
    try {
      Socket broker = new Socket(InetAddress.getLoopbackAddress(), target);
      sockets.addAll(List.of(client, broker));
      start(() -> copy(client, broker, true));
      start(() -> copy(broker, client, false));
    } catch (ConnectException e) {
      // nor does the client get through
      client.close();
    }
  }

  private void copy(Socket from, Socket to, boolean slow) {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int bytes; (bytes = in.read(chunk)) >= 0; ) {
        if (slow) {
          awaitTurn(bytes);
        }
        out.write(chunk, 0, bytes);
      }
    } catch (IOException e) {
      // either end has closed it
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private void awaitTurn(int bytes) {
    long start = System.nanoTime();
    while (!closed && (System.nanoTime() - start) / 1e9 * bytesPerSecond < bytes) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    listener.close();
    for (Socket each : sockets) {
      each.close();
    }
  }
}
