package dev.ringtap.bench.live;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** tcpdump, which tells its counts on SIGUSR1. */
final class TcpdumpProcess extends ReaderProcess {
  /** Its one thread answers, which is paid for by what is measured; and it holds frames for 1 s. */
  private static final int LOOK_MILLIS = 300;

  private static final String BUFFER_KIB = "65536";
  private static final Pattern COUNTS =
      Pattern.compile("(\\d+) packets? captured,.* (\\d+) packets? dropped by kernel.*");

  private final BufferedReader says;

  private TcpdumpProcess(Process process) {
    super(process, LOOK_MILLIS);
    says = process.errorReader();
  }

  static List<String> command(String interfaceName) {
    return List.of(
        "tcpdump", "-nn", "-Z", "root", "-B", BUFFER_KIB, "-i", interfaceName, "-w", "/dev/null");
  }

  static TcpdumpProcess start(Wire wire) throws IOException {
    TcpdumpProcess started =
        new TcpdumpProcess(wire.startReader(ReaderKind.TCPDUMP, Redirect.PIPE));
    started.await(Pattern.compile(".*listening on.*"));
    return started;
  }

  @Override
  Mark mark() throws IOException {
    String[] signal = {"sh", "-c", "kill -USR1 " + process().pid()};
    new ProcessBuilder(signal).inheritIO().start();
    Matcher counts = await(COUNTS);
    long nanos = processNanos();
    return new Mark(Long.parseLong(counts.group(1)), Long.parseLong(counts.group(2)), nanos, nanos);
  }

  @Override
  Mark end() throws IOException {
    return mark();
  }

  private Matcher await(Pattern pattern) throws IOException {
    StringBuilder seen = new StringBuilder();
    for (String line; (line = says.readLine()) != null; ) {
      Matcher matcher = pattern.matcher(line);
      if (matcher.find()) {
        return matcher;
      }
      seen.append(line).append('\n');
    }
    throw new IOException("tcpdump ended: " + seen);
  }
}
