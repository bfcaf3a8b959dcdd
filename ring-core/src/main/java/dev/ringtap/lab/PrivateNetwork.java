package dev.ringtap.lab;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * A network namespace of its own with two Ethernet interfaces that are wired to each other: what is
 * sent on {@link #LEFT} arrives on {@link #RIGHT} and the other way round. For demonstrations and
 * tests of captures: nothing of it is seen by, or reaches, the machine's network, and nothing is
 * left when it is closed or the process is killed.
 *
 * <p>The namespace belongs to one thread of this object's; run with {@link #call} what opens
 * sockets in it. A socket stays in the namespace that it was opened in, whoever uses it. Processes
 * that are started inside {@link #call} are in the namespace too.
 *
 * <p>Needs CAP_SYS_ADMIN and CAP_NET_ADMIN, which root has. Thread-safe.
 */
public final class PrivateNetwork implements AutoCloseable {
  /** One end of the wire. */
  public static final String LEFT = "tap0";

  /** The other end. */
  public static final String RIGHT = "tap1";

  private static final int JUMBO_MTU_BYTES = 65_535;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread created = new Thread(task, "private-network");
            created.setDaemon(true);
            return created;
          });

  private PrivateNetwork() {}

  /**
   * Makes the namespace, its wire and its loopback, all up.
   *
   * @throws IOException if the kernel refuses, as it does without the privileges
   */
  public static PrivateNetwork create() throws IOException {
    PrivateNetwork network = new PrivateNetwork();
    try {
      network.call(
          () -> {
            NetworkNamespace.enterNew();
            quiet("all");
            quiet("default");
            NetworkNamespace.createVethPair(LEFT, RIGHT);
            for (String each : new String[] {LEFT, RIGHT}) {
              NetworkNamespace.setMtu(each, JUMBO_MTU_BYTES);
              NetworkNamespace.setUp(each, true);
            }
            NetworkNamespace.setUp("lo", true);
            return null;
          });
      return network;
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  /** No IPv6 on the wire: it would send frames of its own. */
  private static void quiet(String scope) throws IOException {
    Path setting = Path.of("/proc/sys/net/ipv6/conf", scope, "disable_ipv6");
    if (Files.exists(setting)) {
      Files.writeString(setting, "1");
    }
  }

  /** The path by which a capture enters the namespace; good until this is closed. */
  public String path() throws IOException {
    return call(() -> Path.of("/proc/thread-self").toRealPath().resolve("ns/net").toString());
  }

  /** A capture in this network. */
  public CaptureConfig.Builder capture(String interfaceName) throws IOException {
    return CaptureConfig.on(interfaceName).set(CaptureOption.NETWORK_NAMESPACE, path());
  }

  /** Runs something inside the namespace and waits for it. */
  public <T> T call(Callable<T> action) throws IOException {
    try {
      return thread.submit(action).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException) {
        throw (IOException) e.getCause();
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while in the private network", e);
    }
  }

  /** A sender on one end of the wire. */
  public FrameSender sender(String interfaceName) throws IOException {
    return call(() -> FrameSender.open(interfaceName));
  }

  /** Sets one end of the wire up or down. */
  public void setUp(String interfaceName, boolean up) throws IOException {
    call(
        () -> {
          NetworkNamespace.setUp(interfaceName, up);
          return null;
        });
  }

  /** Whether this process may make one, and if not, why. */
  public static @Nullable String unavailabilityCause() {
    try {
      create().close();
      return null;
    } catch (LinuxException e) {
      return e.getMessage();
    } catch (IOException | RuntimeException | LinkageError e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
