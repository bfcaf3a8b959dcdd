package dev.ringtap.kafka.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Turns SIGINT and SIGTERM into an orderly end: the running command is asked to stop, finishes its
 * work, and its exit code becomes the process's, as if no signal had come. Thread-safe.
 */
final class Shutdown {
  private static final CompletableFuture<Integer> EXIT_CODE = new CompletableFuture<>();
  private static final AtomicReference<Runnable> STOP = new AtomicReference<>();

  private Shutdown() {}

  /** From now on a signal runs this, in a thread of its own, and waits for the command to end. */
  static void onSignal(Runnable stop) {
    if (STOP.getAndSet(stop) == null) {
      Runtime.getRuntime().addShutdownHook(new Thread(Shutdown::endInOrder, "signal"));
    }
  }

  private static void endInOrder() {
    if (!EXIT_CODE.isDone()) {
      STOP.get().run();
      Runtime.getRuntime().halt(EXIT_CODE.join());
    }
  }

  /** Ends the process with a command's exit code. */
  static void exit(int code) {
    EXIT_CODE.complete(code);
    System.exit(code);
  }
}
