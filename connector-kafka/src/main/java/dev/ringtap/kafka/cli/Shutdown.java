package dev.ringtap.kafka.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Turns SIGINT and SIGTERM into an orderly end: the running command is asked to stop, finishes its
 * work, and its exit code becomes the process's, as if no signal had come. Thread-safe.
 */
final class Shutdown {
  /** For what a command has to do beside waiting, on a slow machine too. */
  private static final Duration GRACE = Duration.ofSeconds(30);

  private static final CompletableFuture<Integer> EXIT_CODE = new CompletableFuture<>();
  private static final AtomicReference<Runnable> STOP = new AtomicReference<>();
  private static volatile Duration limit = GRACE;

  private Shutdown() {}

  /** As {@link #onSignal(Runnable, Duration)}, for a command that has nothing to wait for. */
  static void onSignal(Runnable stop) {
    onSignal(stop, Duration.ZERO);
  }

  /**
   * From now on a signal runs this, in a thread of its own, and waits for the command to end.
   *
   * @param wait how long the command itself may wait for others; a process that has not ended half
   *     a minute later is ended with exit code 1
   */
  static void onSignal(Runnable stop, Duration wait) {
    limit = wait.plus(GRACE);
    if (STOP.getAndSet(stop) == null) {
      Runtime.getRuntime().addShutdownHook(new Thread(Shutdown::endInOrder, "signal"));
    }
  }

  private static void endInOrder() {
    if (EXIT_CODE.isDone()) {
      return;
    }
    int code = ExitCode.FAILED;
    try {
      STOP.get().run();
      code = EXIT_CODE.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      System.err.printf(
          "ringtap: the command has not ended %d s after the signal%n", limit.toSeconds());
    } catch (InterruptedException | ExecutionException | RuntimeException | Error e) {
      System.err.print(TerminalText.trace(e));
    } finally {
      Runtime.getRuntime().halt(code);
    }
  }

  /** Ends the process with a command's exit code. */
  static void exit(int code) {
    EXIT_CODE.complete(code);
    System.exit(code);
  }
}
