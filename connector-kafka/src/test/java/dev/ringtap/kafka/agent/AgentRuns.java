package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.embedded.EmbeddedBroker;
import java.io.IOException;
import java.util.Properties;

/** Runs of the agent, for tests. */
final class AgentRuns {
  private AgentRuns() {}

  /** Kafka settings for a broker: more of them as name, value, name, value. */
  static Properties settings(EmbeddedBroker broker, String... more) {
    Properties settings = new Properties();
    settings.setProperty("bootstrap.servers", broker.bootstrapServers());
    for (int i = 0; i < more.length; i += 2) {
      settings.setProperty(more[i], more[i + 1]);
    }
    return settings;
  }

  /** Runs the agent to an end without failure; its ledger, which adds up. */
  static Ledger run(AgentConfig config) throws IOException {
    try (CaptureAgent agent = CaptureAgent.open(config)) {
      Ledger ledger = agent.run();
      assertThat(agent.failure()).isNull();
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      return ledger;
    }
  }
}
