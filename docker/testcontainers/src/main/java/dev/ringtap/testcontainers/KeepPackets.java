package dev.ringtap.testcontainers;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Keeps the packets of a test that fails: {@code @ExtendWith(KeepPackets.class)}. They are written
 * to {@code target/packets/CLASS.TEST.pcapng}, or below {@code build} without a pom.xml; standard
 * error gets the command that shows them, and who talked to whom. A test that passes leaves
 * nothing.
 *
 * <p>These are the packets of every {@link RingtapContainer} that the test's thread has started or
 * that is a field of the test class, also after it was stopped.
 *
 * <p>The JUnit configuration parameter {@code ringtap.packets.directory} names another directory.
 */
public final class KeepPackets implements BeforeEachCallback, AfterEachCallback {
  private static final String DIRECTORY = "ringtap.packets.directory";

  /** JUnit makes it. */
  public KeepPackets() {}

  @Override
  public void beforeEach(ExtensionContext context) {
    Started.begin();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Set<RingtapContainer> containers = Started.end();
    if (context.getExecutionException().isEmpty()) {
      return;
    }
    context
        .getRequiredTestInstances()
        .getAllInstances()
        .forEach(instance -> containers.addAll(fields(instance)));
    containers.removeIf(container -> !container.hasPackets());
    if (containers.isEmpty()) {
      return;
    }
    try {
      keep(context, containers);
    } catch (IOException | RuntimeException e) {
      // the test's own failure is what counts
      System.err.println("ringtap: cannot keep the packets of " + name(context) + ": " + e);
    }
  }

  private static void keep(ExtensionContext context, Set<RingtapContainer> containers)
      throws IOException {
    Path file = directory(context).resolve(name(context) + ".pcapng");
    Files.createDirectories(file.getParent());
    RingtapContainer.save(containers, file, name(context) + " failed at " + Instant.now());
    System.err.println("ringtap: packets of " + name(context) + ": tshark -r " + file);
    System.err.print(Conversations.table(Dump.of(file, containers.iterator().next().image(), "")));
  }

  private static Path directory(ExtensionContext context) {
    return context
        .getConfigurationParameter(DIRECTORY)
        .map(Path::of)
        .orElseGet(() -> Path.of(Files.exists(Path.of("pom.xml")) ? "target" : "build", "packets"));
  }

  /** Of a test that runs several times, with what tells the runs apart. */
  private static String name(ExtensionContext context) {
    String method = context.getRequiredTestMethod().getName();
    String shown = context.getDisplayName().replace(method + "()", "");
    String name = context.getRequiredTestClass().getSimpleName() + "." + method;
    return (shown.isEmpty() ? name : name + "-" + shown).replaceAll("[^\\w.-]+", "_");
  }

  private static List<RingtapContainer> fields(Object instance) {
    List<RingtapContainer> found = new ArrayList<>();
    for (Field field :
        ReflectionSupport.findFields(
            instance.getClass(),
            each -> RingtapContainer.class.isAssignableFrom(each.getType()),
            HierarchyTraversalMode.TOP_DOWN)) {
      ReflectionSupport.tryToReadFieldValue(field, instance)
          .ifSuccess(
              value -> {
                if (value != null) {
                  found.add((RingtapContainer) value);
                }
              });
    }
    return found;
  }
}
