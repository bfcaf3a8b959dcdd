package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flow.FlowLimits;
import java.time.Duration;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AgentWarmupTest {
  private static final Duration TIME = Duration.ofMillis(100);

  private static AgentConfig.KafkaTarget target(int framesPerRecord, Boolean flowsAlone) {
    return new AgentConfig.KafkaTarget(
        "packets",
        4,
        RecordKey.FLOW,
        framesPerRecord,
        new Properties(),
        false,
        null,
        flowsAlone == null
            ? null
            : new AgentConfig.FlowTarget("flows", FlowLimits.DEFAULT, flowsAlone, null));
  }

  private static Stream<AgentConfig.KafkaTarget> targets() {
    return Stream.of(
        null,
        target(1, null),
        target(AgentConfig.KafkaTarget.ANY_NUMBER, null),
        target(1, false),
        target(1, true));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void pumpsForEveryTarget(AgentConfig.KafkaTarget target) {
    long frames = AgentWarmup.run(TIME, target);
    assertThat(frames > 0).isEqualTo(target != null);
  }
}
