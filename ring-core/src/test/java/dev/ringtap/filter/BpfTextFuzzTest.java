package dev.ringtap.filter;

import dev.ringtap.testkit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/** Any text in place of what {@code tcpdump -ddd} prints: a program, or a reason why not. */
public final class BpfTextFuzzTest extends FuzzTest {
  private static final int LONGEST_REASON = 300;

  public BpfTextFuzzTest() {
    super(BpfTextFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    try {
      BpfProgram program = BpfProgram.parse(new String(input, StandardCharsets.UTF_8));
      if (!BpfProgram.parse(text(program)).equals(program)) {
        throw new AssertionError("another program than its text");
      }
    } catch (IllegalArgumentException e) {
      requireReason(e);
    }
  }

  private static String text(BpfProgram program) {
    return program.instructions().stream()
        .map(
            i -> "%d %d %d %s".formatted(i.code(), i.jt(), i.jf(), Integer.toUnsignedString(i.k())))
        .collect(Collectors.joining("\n", program.instructions().size() + "\n", "\n"));
  }

  static void requireReason(IllegalArgumentException e) {
    if (e.getClass() != IllegalArgumentException.class
        || e.getMessage() == null
        || e.getMessage().isBlank()
        || e.getMessage().length() > LONGEST_REASON) {
      throw new AssertionError("no short reason", e);
    }
  }
}
