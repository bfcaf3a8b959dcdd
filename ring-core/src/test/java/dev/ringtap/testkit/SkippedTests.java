package dev.ringtap.testkit;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/**
 * Prints why tests are skipped, one line for each class and reason. Maven prints their number only.
 */
public final class SkippedTests implements TestExecutionListener {
  /** Not {@code System.out}, which Maven writes to a file for each class. */
  private static final PrintStream CONSOLE =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true);

  private final Set<String> printed = ConcurrentHashMap.newKeySet();

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    print(test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == Status.ABORTED) {
      print(test, result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
    }
  }

  private void print(TestIdentifier test, String reason) {
    String line = "skipped " + where(test) + ": " + withoutPrefix(reason).replaceAll("\\s+", " ");
    if (printed.add(line)) {
      CONSOLE.println(line);
    }
  }

  private static String withoutPrefix(String reason) {
    return reason
        .replaceFirst("^Assumption failed: ", "")
        .replaceFirst("^assumption is not true$", "no reason given");
  }

  private static String where(TestIdentifier test) {
    TestSource source = test.getSource().orElse(null);
    if (source instanceof MethodSource method) {
      return method.getClassName();
    }
    return source instanceof ClassSource type ? type.getClassName() : test.getDisplayName();
  }
}
