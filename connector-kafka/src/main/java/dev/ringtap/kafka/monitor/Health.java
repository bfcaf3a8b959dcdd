package dev.ringtap.kafka.monitor;

import dev.ringtap.capture.InterfaceState;
import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.agent.CaptureCounts;
import dev.ringtap.kafka.agent.MemberCounts;
import dev.ringtap.kafka.agent.MemberCounts.Loop;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether an agent is alive and ready, line by line with the reasons.
 *
 * <p>Alive: the capture loops turn. One that waits for Kafka or a file is alive: to start it again
 * would lose what it holds. Ready: the ring is open on an interface that is up, and Kafka answers.
 */
public final class Health {
  /** A loop looks for a block at least twice a second. */
  static final int LOOP_SECONDS = 10;

  private final StringBuilder text = new StringBuilder();
  private boolean ok = true;

  private Health() {}

  /** An agent before its capture is open. */
  static Health starting(String phase, boolean ready) {
    Health health = new Health();
    health.line(!ready, "starting", phase);
    return health;
  }

  /** Whether the capture loops turn. */
  public static boolean isLive(AgentCounts counts) {
    return live(counts).isOk();
  }

  static Health live(AgentCounts counts) {
    Health health = new Health();
    for (CaptureCounts capture : counts.captures()) {
      for (MemberCounts each : capture.members()) {
        boolean stuck = each.loop() == Loop.POLLING && each.loopSeconds() > LOOP_SECONDS;
        health.line(!stuck, name("capture loop of", capture, each), loop(each, stuck));
      }
    }
    return health;
  }

  private static String loop(MemberCounts member, boolean stuck) {
    return switch (member.loop()) {
      case NOT_STARTED -> "waits for Kafka, the ring holds the frames";
      case POLLING -> stuck ? "has not turned for " + seconds(member.loopSeconds()) : "turns";
      case DELIVERING ->
          member.loopSeconds() > LOOP_SECONDS
              ? "waits for Kafka or the file for " + seconds(member.loopSeconds())
              : "turns";
      default -> "has ended";
    };
  }

  static Health ready(Subject subject) {
    AgentCounts counts = subject.counts().get();
    Health health = new Health();
    for (CaptureCounts capture : counts.captures()) {
      for (MemberCounts each : capture.members()) {
        boolean ended = each.loop() == Loop.ENDED;
        health.line(
            !ended,
            name("ring of", capture, each),
            ended ? "closed, the capture has ended" : "open");
      }
      InterfaceState state = capture.members().get(0).interfaceState();
      if (state != null) {
        health.line(
            state == InterfaceState.UP,
            "interface " + capture.interfaceName(),
            state.name().toLowerCase(Locale.ROOT));
      }
    }
    for (String each : counts.awaited()) {
      health.line(false, "interface " + each, "missing");
    }
    if (subject.topic() != null) {
      String obstacle = obstacle(counts);
      health.line(obstacle == null, "kafka", obstacle == null ? "answers" : obstacle);
    }
    if (subject.schemaId().get().isPresent()) {
      health.line(true, "schema", "registered as " + subject.schemaId().get().getAsInt());
    }
    Throwable failure = subject.failure().get();
    if (failure != null) {
      health.line(false, "failure", AgentException.sentence(failure));
    }
    return health;
  }

  /** Why Kafka takes nothing now, or null. */
  private static @Nullable String obstacle(AgentCounts counts) {
    if (counts.kafka() == null) {
      return counts.kafkaObstacle() == null ? "not reached yet" : counts.kafkaObstacle();
    }
    if (counts.kafka().connections() == 0) {
      return "no broker is connected";
    }
    if (counts.kafka().quietSeconds() > 0) {
      return "no broker has answered for " + seconds(counts.kafka().quietSeconds());
    }
    return counts.isKafkaSilent()
        ? "has acknowledged nothing for " + seconds(counts.silentSeconds())
        : null;
  }

  private static String name(String what, CaptureCounts capture, MemberCounts member) {
    String number = capture.members().size() == 1 ? "" : " member " + member.capture().member();
    return what + " " + capture.interfaceName() + number;
  }

  private static String seconds(double seconds) {
    return (long) seconds + " s";
  }

  private void line(boolean good, String what, String how) {
    ok &= good;
    text.append(good ? "ok" : "FAIL")
        .append(' ')
        .append(what)
        .append(": ")
        .append(how)
        .append('\n');
  }

  boolean isOk() {
    return ok;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
