package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.PacketCapture;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The interfaces of a run, by name or by pattern. In a pattern, {@code *} stands for any
 * characters, {@code ?} for one, {@code [a-c]} for one of these. Immutable.
 */
public final class InterfaceSelection {
  private static final System.Logger LOG = System.getLogger(InterfaceSelection.class.getName());

  private static final long LOOK_MILLIS = 100;

  private final List<Name> wanted;
  private final List<Name> excluded;

  /**
   * A name or a pattern.
   *
   * @param pattern null for a name
   */
  private record Name(String text, @Nullable PathMatcher pattern) {
    static Name of(String text) {
      if (text.chars().noneMatch(each -> "*?[{".indexOf(each) >= 0)) {
        return new Name(text, null);
      }
      try {
        return new Name(text, FileSystems.getDefault().getPathMatcher("glob:" + text));
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "'" + text + "' is no pattern: " + e.getDescription(), e);
      }
    }

    boolean isPattern() {
      return pattern != null;
    }

    boolean matches(String name) {
      return pattern == null ? text.equals(name) : pattern.matches(Path.of(name));
    }
  }

  /**
   * @param wanted names and patterns
   * @param excluded names and patterns of interfaces that no pattern of the others selects
   * @throws IllegalArgumentException if a pattern is wrong; the message says where
   */
  public InterfaceSelection(List<String> wanted, List<String> excluded) {
    this.wanted = wanted.stream().map(Name::of).toList();
    this.excluded = excluded.stream().map(Name::of).toList();
  }

  /** One interface. */
  public static InterfaceSelection of(String name) {
    return new InterfaceSelection(List.of(name), List.of());
  }

  /** Whether it is one interface, by its name. */
  public boolean isOne() {
    return wanted.size() == 1 && !wanted.get(0).isPattern();
  }

  /** Whether the interface is wanted by its name, not only by a pattern. */
  boolean isNamed(String name) {
    return wanted.stream().anyMatch(each -> !each.isPattern() && each.matches(name));
  }

  private boolean includes(String name) {
    return isNamed(name)
        || wanted.stream().anyMatch(each -> each.matches(name))
            && excluded.stream().noneMatch(each -> each.matches(name));
  }

  /**
   * The names among all interfaces that are up, in the order of the interfaces. A name that does
   * not exist is left out.
   */
  List<String> among(List<CaptureInterface> all) {
    List<String> names = new ArrayList<>();
    if (isNamed(CaptureInterface.ANY)) {
      names.add(CaptureInterface.ANY);
    }
    for (CaptureInterface each : all) {
      if (each.isUp() && includes(each.name())) {
        names.add(each.name());
      }
    }
    return names;
  }

  /** Names and patterns that none of these interfaces answers. */
  List<String> without(List<String> names) {
    return wanted.stream()
        .filter(each -> names.stream().noneMatch(each::matches))
        .map(Name::text)
        .toList();
  }

  /**
   * The interfaces to capture on now, of the calling thread's network namespace: all that are
   * wanted by name, and those that are up of the patterns'.
   *
   * @throws AgentException if that is none
   */
  public List<String> required() throws AgentException, CaptureException {
    return required(false);
  }

  /**
   * As {@link #required()}.
   *
   * @param waits whether the run has --wait, so that the message does not advise it
   */
  public List<String> required(boolean waits) throws AgentException, CaptureException {
    List<CaptureInterface> all = CaptureInterface.list();
    List<String> names =
        wanted.stream()
            .filter(each -> !each.isPattern())
            .map(Name::text)
            .distinct()
            .collect(Collectors.toCollection(ArrayList::new));
    among(all).stream().filter(each -> !names.contains(each)).forEach(names::add);
    if (names.isEmpty()) {
      throw new AgentException(
          "no interface that is up matches %s%s; there are: %s%s"
              .formatted(
                  joined(wanted, " or "),
                  excluded.isEmpty() ? "" : " without " + joined(excluded, " and "),
                  String.join(", ", all.stream().map(CaptureInterface::name).toList()),
                  waits ? "" : "; wait for one with --wait"),
          null);
    }
    return names;
  }

  /**
   * Makes sure that there is something to capture on, before a run is started.
   *
   * @param options say in which network namespace
   * @param waits whether to wait until one of them is there and up
   * @throws IOException if there is not; the message says what to do
   */
  public void require(CaptureConfig options, boolean waits) throws IOException {
    for (boolean told = false; !isThere(options, waits, told); told = true) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for interface " + this);
      }
    }
  }

  private boolean isThere(CaptureConfig options, boolean waits, boolean told) throws IOException {
    try {
      return options.inNamespace(
          () -> {
            List<String> there = waits ? among(CaptureInterface.list()) : List.of();
            for (String each : there.isEmpty() ? required(waits) : there) {
              PacketCapture.require(each);
            }
            return true;
          });
    } catch (AgentException e) {
      return missing(e, waits, told);
    } catch (CaptureException e) {
      return missing(e, waits && e.isInterfaceAway(), told);
    }
  }

  private <E extends IOException> boolean missing(E reason, boolean waits, boolean told) throws E {
    if (!waits) {
      throw reason;
    }
    if (!told) {
      LOG.log(
          Level.INFO,
          "waiting for an interface interface={0} reason={1}",
          this,
          reason.getMessage());
    }
    return false;
  }

  private static String joined(List<Name> names, String separator) {
    return names.stream().map(Name::text).collect(Collectors.joining(separator));
  }

  @Override
  public String toString() {
    return joined(wanted, ", ");
  }
}
