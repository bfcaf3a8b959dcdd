package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.kafka.agent.InterfaceSelection;
import java.util.ArrayList;
import java.util.List;

/** Finds in what {@code ringtap capture} was asked for what cannot be meant. */
final class ArgumentCheck {
  private static final int MAX_PARTITIONS = 10_000;

  private static final int MAX_WORKERS = 256;

  private static final List<CaptureOption<?>> FANOUT_OPTIONS =
      List.of(
          CaptureOption.FANOUT_MODE,
          CaptureOption.FANOUT_ROLLOVER,
          CaptureOption.FANOUT_DEFRAG,
          CaptureOption.FANOUT_PROGRAM);

  private final CaptureArguments asked;
  private final List<String> problems = new ArrayList<>();

  ArgumentCheck(CaptureArguments asked) {
    this.asked = asked;
  }

  /** What cannot be meant, a sentence each; empty if all can. */
  List<String> problems() {
    boolean live = !asked.interfaces.isEmpty();
    require(
        asked.filter.isEmpty() || asked.bpf == null,
        "--bpf and a filter expression cannot be used together");
    require(!live || asked.replay == null, "-i and -r cannot be used together");
    require(
        live || asked.replay != null,
        "say what to capture: -i INTERFACE (`ringtap interfaces` lists them) or -r FILE");
    checkSelection();
    checkReplay();
    checkKafka();
    checkFlows();
    checkRange("-c", asked.count == null ? 1 : asked.count, 1, Long.MAX_VALUE);
    checkRange("--partitions", asked.partitions, 1, MAX_PARTITIONS);
    checkRange("--drain-timeout", asked.drainTimeoutSeconds, 0, 86_400);
    checkRange("--workers", asked.workers, 1, MAX_WORKERS);
    require(
        !asked.immediate || !asked.flags.isSet(CaptureOption.RETIRE_TIMEOUT_MILLIS),
        "--immediate and --retire-timeout cannot be used together");
    boolean shared = asked.workers > 1 || asked.flags.isSet(CaptureOption.FANOUT_GROUP);
    require(
        shared || FANOUT_OPTIONS.stream().noneMatch(asked.flags::isSet),
        "the fanout options are for several --workers, or for a --fanout-group");
    return problems;
  }

  private void require(boolean good, String otherwise) {
    if (!good) {
      problems.add(otherwise);
    }
  }

  private void checkRange(String option, long value, long least, long most) {
    String upTo = most == Long.MAX_VALUE ? " or more" : " to " + most;
    require(
        value >= least && value <= most, option + " is " + value + "; expected " + least + upTo);
  }

  private void checkSelection() {
    try {
      boolean one = new InterfaceSelection(asked.interfaces, asked.excluded).isOne();
      require(
          one || asked.interfaces.isEmpty() || !asked.flags.isSet(CaptureOption.FANOUT_GROUP),
          "--fanout-group is for one interface: the kernel binds a group to it");
      require(
          !one || asked.excluded.isEmpty(),
          "--exclude, or exclude in the configuration, is for patterns of -i, and there is none");
    } catch (IllegalArgumentException e) {
      problems.add(e.getMessage());
    }
  }

  private void checkReplay() {
    if (asked.replay == null) {
      return;
    }
    require(
        !asked.flags.isAnySetBut(CaptureOption.HOST_NAME),
        "-s, -p, -B and the like are for a live capture, not for -r");
    require(
        asked.workers <= 1 && !asked.waits && !asked.immediate,
        "--workers, --wait and --immediate are for a live capture, not for -r");
    require(asked.metrics == null, "--metrics is for a live capture, not for -r");
  }

  private void checkKafka() {
    require(
        asked.registry != null || asked.subject == null,
        "--subject is a name in a schema registry: say which with --registry URL");
    require(
        asked.subject == null || !asked.subject.isBlank(), "--subject is blank; expected a name");
    try {
      asked.schemaTarget();
    } catch (IllegalArgumentException e) {
      problems.add("--registry: " + e.getMessage());
    }
  }

  private void checkFlows() {
    require(asked.flows != null || !asked.noPackets, "--no-packets is for --flows TOPIC");
    require(
        asked.flows == null || asked.noPackets || !asked.flows.equals(asked.topic),
        "--flows names the topic of the packets, " + asked.topic + "; expected another one");
    checkRange("--flow-table", asked.flowTable, 1, FlowLimits.MAX_CAPACITY);
    checkRange("--flow-idle", asked.flowIdleSeconds, 1, 86_400);
    checkRange("--flow-active", asked.flowActiveSeconds, asked.flowIdleSeconds, 86_400);
  }
}
