package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.NetworkNamespace;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A thread that enters a network namespace, does one thing there and ends: a socket stays in the
 * namespace that it was opened in, and the calling thread in its own.
 */
final class NamespaceThread extends Thread {
  /** Where {@code ip netns} keeps those that have a name. */
  private static final String NAMED = "/run/netns/";

  private NamespaceThread(Runnable task) {
    super(task, "ringtap-namespace");
    setDaemon(true);
  }

  /** Whether the calling thread is one: what sysfs says then is of another namespace. */
  static boolean isCurrent() {
    return Thread.currentThread() instanceof NamespaceThread;
  }

  /**
   * Does something in a namespace and waits for it. An interrupt does not end the wait, since the
   * capture that is being opened would stay open; the calling thread stays interrupted.
   *
   * @param namespace its name or a path
   * @throws CaptureException if the namespace cannot be entered
   */
  static <T, E extends Exception> T call(String namespace, CaptureConfig.Action<T, E> action)
      throws E, CaptureException {
    NativeAccess.require();
    CompletableFuture<T> done = new CompletableFuture<>();
    new NamespaceThread(
            () -> {
              try {
                enter(namespace);
                done.complete(action.run());
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            })
        .start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return done.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw NamespaceThread.<E>sameFailure(done.exceptionNow());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The action throws nothing else. */
  @SuppressWarnings("unchecked")
  private static <E extends Exception> E sameFailure(Throwable failure) throws CaptureException {
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof CaptureException known) {
      throw known;
    }
    return (E) failure;
  }

  private static void enter(String namespace) throws CaptureException {
    String path = namespace.contains("/") ? namespace : NAMED + namespace;
    try {
      NetworkNamespace.enter(path);
    } catch (LinuxException e) {
      throw switch (e.errno()) {
        case Errno.ENOENT, Errno.ENOTDIR ->
            new CaptureException(
                Reason.NO_SUCH_NAMESPACE,
                ("no network namespace %s: %s does not exist; `ip netns` lists names, the path of a"
                        + " process's is /proc/PID/ns/net")
                    .formatted(namespace, path),
                e);
        case Errno.EINVAL ->
            new CaptureException(
                Reason.SYSTEM,
                path + " is not a network namespace; the path of a process's is /proc/PID/ns/net",
                e);
        case Errno.EPERM ->
            new CaptureException(
                Reason.NO_PERMISSION,
                ("no permission to enter network namespace %s: CAP_SYS_ADMIN is missing; run as"
                        + " root, or grant it beside CAP_NET_RAW")
                    .formatted(namespace),
                e);
        case Errno.EACCES ->
            new CaptureException(
                Reason.NO_PERMISSION,
                ("no permission to open network namespace %s: run as root; for another user's"
                        + " process grant CAP_SYS_PTRACE beside CAP_SYS_ADMIN and CAP_NET_RAW")
                    .formatted(path),
                e);
        default ->
            new CaptureException(
                Reason.SYSTEM, "network namespace " + namespace + ": " + e.getMessage(), e);
      };
    }
  }
}
