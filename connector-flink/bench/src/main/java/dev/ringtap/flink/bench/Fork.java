package dev.ringtap.flink.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** A job in a JVM of its own, so that no other has shaped its compiled code. */
final class Fork {
  private static final String RESULT = "RESULT ";

  private Fork() {}

  /**
   * Runs a main class with this JVM's options.
   *
   * @return the number that it gave to {@link #result}
   */
  static double run(Class<?> main, Object... arguments) throws IOException {
    return run(null, main, arguments);
  }

  /**
   * As the other, with other classes before those of this JVM.
   *
   * @param classes class path of them, or null
   */
  static double run(String classes, Class<?> main, Object... arguments) throws IOException {
    String classPath = System.getProperty("java.class.path");
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-cp",
            classes == null ? classPath : classes + File.pathSeparator + classPath,
            main.getName()));
    List.of(arguments).forEach(each -> command.add(each.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> said = new ArrayList<>();
    try (BufferedReader output = process.inputReader()) {
      output.lines().forEach(said::add);
    }
    return said.stream()
        .filter(line -> line.startsWith(RESULT))
        .mapToDouble(line -> Double.parseDouble(line.substring(RESULT.length())))
        .findFirst()
        .orElseThrow(
            () -> new IOException(main.getSimpleName() + " failed:\n" + String.join("\n", said)));
  }

  /** What {@link #run} shall return. */
  static void result(double value) {
    System.out.println(RESULT + value);
  }
}
