package dev.ringtap.kafka.monitor;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.InterfaceState;
import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.AgentCounts.KafkaCounts;
import dev.ringtap.kafka.agent.CaptureCounts;
import dev.ringtap.kafka.agent.FlowLedger;
import dev.ringtap.kafka.agent.Latency;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.kafka.agent.MemberCounts;
import dev.ringtap.kafka.agent.MemberCounts.Loop;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Counts of a capture that all is well with, for tests to change. */
record Counts(
    InterfaceState state,
    Loop loop,
    double loopSeconds,
    double silentSeconds,
    KafkaCounts kafka,
    String obstacle,
    List<String> awaited,
    Throwable failure) {
  private static final Latency LATENCY =
      new Latency(Collections.nCopies(Latency.BOUNDS_SECONDS.size() + 1, 3L), 7_000_000);

  static final Counts WELL =
      new Counts(InterfaceState.UP, Loop.POLLING, 0.3, 0, kafka(2), null, List.of(), null);

  static KafkaCounts kafka(int connections) {
    return kafka(connections, 0);
  }

  static KafkaCounts kafka(int connections, double quietSeconds) {
    return new KafkaCounts(
        1_700_000_000_500L, quietSeconds, connections, 1 << 26, 1 << 20, 3000, 0.5);
  }

  Counts with(InterfaceState other) {
    return new Counts(other, loop, loopSeconds, silentSeconds, kafka, obstacle, awaited, failure);
  }

  Counts with(Loop other, double seconds) {
    return new Counts(state, other, seconds, silentSeconds, kafka, obstacle, awaited, failure);
  }

  Counts with(KafkaCounts other, double silence, String why) {
    return new Counts(state, loop, loopSeconds, silence, other, why, awaited, failure);
  }

  Counts with(Throwable other) {
    return new Counts(state, loop, loopSeconds, silentSeconds, kafka, obstacle, awaited, other);
  }

  Counts without(String interfaceName) {
    return new Counts(
        state, loop, loopSeconds, silentSeconds, kafka, obstacle, List.of(interfaceName), failure);
  }

  AgentCounts counts() {
    MemberCounts member =
        new MemberCounts(
            new CaptureId("node1", "eth0", 1_700_000_000_000_000L, 0),
            100,
            10,
            90,
            9000,
            9,
            1,
            0.25,
            state,
            LATENCY,
            loop,
            loopSeconds);
    CaptureCounts capture =
        new CaptureCounts(
            "node1",
            "eth0",
            List.of(member),
            80,
            40,
            Map.of("DrainTimeout", 4L),
            6,
            88,
            5,
            LATENCY,
            new FlowLedger(7, 60, 3, 20, Map.of("DrainTimeout", 2L)));
    return new AgentCounts(List.of(capture), Ledger.EMPTY, awaited, silentSeconds, kafka, obstacle);
  }

  Subject subject() {
    return new Subject(
        "node1",
        () -> "udp",
        "packets",
        true,
        this::counts,
        () -> OptionalInt.of(7),
        () -> failure);
  }
}
