package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.HostName;
import dev.ringtap.registry.RegistryException;
import dev.ringtap.registry.SchemaTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigValue;

/** Checks what the options say together, then the live system within bounded time. */
final class ConfigCheck {
  private static final int MOST_TASKS = 256;

  private final Map<String, String> properties;
  private final Config config;
  private final long timeoutMillis;

  /**
   * @param config the values, each checked on its own; errors are added to it
   * @param timeoutMillis how long the live system may take
   */
  ConfigCheck(Map<String, String> properties, Config config, long timeoutMillis) {
    this.properties = properties;
    this.config = config;
    this.timeoutMillis = timeoutMillis;
  }

  void run() {
    checkTogether();
    if (isGood()) {
      checkLive();
    }
  }

  private boolean isGood() {
    return config.configValues().stream().allMatch(value -> value.errorMessages().isEmpty());
  }

  private boolean isSet(String option) {
    return properties.get(option) != null;
  }

  private void checkTogether() {
    String interfaceOption = CaptureOption.INTERFACE.name();
    boolean file = isSet(PacketSourceOptions.FILE);
    if (file == isSet(interfaceOption)) {
      String what =
          file
              ? "interface and file cannot be used together"
              : "say what to capture: an interface, or a file";
      add(interfaceOption, what);
      add(PacketSourceOptions.FILE, what);
    }
    if (isSet(PacketSourceOptions.FILTER) && isSet(PacketSourceOptions.BPF)) {
      add(PacketSourceOptions.FILTER, "filter and bpf cannot be used together");
      add(PacketSourceOptions.BPF, "filter and bpf cannot be used together");
    }
    for (CaptureOption<?> option : CaptureOption.ALL) {
      if (file && option != CaptureOption.INTERFACE && isSet(option.name())) {
        add(option.name(), option.name() + " is for an interface, not for a file");
      }
    }
    if (file && isSet(PacketSourceOptions.EXCLUDE_SERVERS)) {
      add(
          PacketSourceOptions.EXCLUDE_SERVERS,
          "exclude.servers is for an interface, not for a file");
    }
    if (isSet(PacketSourceOptions.REGISTRY) && !isAvro()) {
      add(
          PacketSourceOptions.REGISTRY,
          "registry is for value.format=avro; for structs it is the converter that registers a"
              + " schema: set value.converter and its own options");
    }
    if (isSet(PacketSourceOptions.SUBJECT) && !isSet(PacketSourceOptions.REGISTRY)) {
      add(
          PacketSourceOptions.SUBJECT,
          "subject is a name in a schema registry: say which with registry");
    }
    boolean shared = tasks() > 1 || !ofGroup().equals("0");
    for (CaptureOption<?> option : PacketSourceOptions.FANOUT) {
      if (!file && !shared && isSet(option.name())) {
        add(
            option.name(),
            option.name() + " is for several tasks: raise tasks.max, or set a fanout-group");
      }
    }
    if (!file && tasks() > MOST_TASKS) {
      add(
          CaptureOption.FANOUT_GROUP.name(),
          "tasks.max is " + tasks() + "; a fanout group takes " + MOST_TASKS + " at most");
    }
  }

  private boolean isAvro() {
    return CaptureOption.textOf(ValueFormat.AVRO)
        .equals(properties.getOrDefault(PacketSourceOptions.VALUE_FORMAT, "").strip());
  }

  private String ofGroup() {
    return properties.getOrDefault(CaptureOption.FANOUT_GROUP.name(), "0").strip();
  }

  private int tasks() {
    try {
      return Integer.parseInt(properties.getOrDefault(PacketSourceConfig.TASKS_MAX, "1").strip());
    } catch (NumberFormatException e) {
      // Connect says so itself
      return 1;
    }
  }

  private void checkLive() {
    PacketSourceConfig parsed = new PacketSourceConfig(properties);
    String suspect =
        isSet(PacketSourceOptions.FILTER)
            ? PacketSourceOptions.FILTER
            : parsed.isFile() ? PacketSourceOptions.FILE : CaptureOption.INTERFACE.name();
    // both at once, so that each is blamed for its own time alone
    List<Trial> trials = new ArrayList<>();
    // of another host this one can tell nothing
    if (parsed.mayRunOn(HostName.local())) {
      trials.add(new Trial(suspect, errors -> new LiveCheck(parsed, tasks(), errors).run()));
    }
    parsed
        .schemaTarget()
        .map(target -> new Trial(PacketSourceOptions.REGISTRY, errors -> check(target, errors)))
        .ifPresent(trials::add);
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    trials.forEach(trial -> trial.await(deadline));
  }

  private static void check(SchemaTarget target, BiConsumer<String, String> errors) {
    try {
      target.check();
    } catch (RegistryException e) {
      boolean incompatible = e.reason() == RegistryException.Reason.INCOMPATIBLE;
      errors.accept(
          incompatible ? PacketSourceOptions.SUBJECT : PacketSourceOptions.REGISTRY,
          e.getMessage());
    }
  }

  /** A check in a thread of its own, which is left to itself when it takes too long. */
  private final class Trial {
    private final String suspect;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final List<String[]> found = new CopyOnWriteArrayList<>();

    /**
     * Starts it.
     *
     * @param suspect the option to blame when it does not end
     * @param check is given what takes an option's name and what is wrong with it
     */
    Trial(String suspect, Consumer<BiConsumer<String, String>> check) {
      this.suspect = suspect;
      Thread thread =
          new Thread(
              () -> {
                try {
                  check.accept((option, text) -> found.add(new String[] {option, text}));
                  done.complete(null);
                } catch (RuntimeException | Error e) {
                  done.completeExceptionally(e);
                }
              },
              "ringtap-validate");
      thread.setDaemon(true);
      thread.start();
    }

    void await(long deadlineNanos) {
      try {
        done.get(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        found.forEach(each -> add(each[0], each[1]));
      } catch (TimeoutException e) {
        add(
            suspect,
            ("could not be tried within %s ms; if it has a host name, is the name server slow?"
                    + " Write the address instead")
                .formatted(timeoutMillis));
      } catch (ExecutionException e) {
        add(suspect, "could not be tried: " + e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        add(suspect, "was not tried: the worker interrupted it");
      }
    }
  }

  private void add(String option, String message) {
    for (ConfigValue value : config.configValues()) {
      if (value.name().equals(option)) {
        value.addErrorMessage(message);
      }
    }
  }
}
