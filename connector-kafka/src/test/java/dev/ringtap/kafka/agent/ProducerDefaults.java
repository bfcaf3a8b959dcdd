package dev.ringtap.kafka.agent;

import java.util.Map;

/** The agent's producer settings, for who has to measure with the same. */
public final class ProducerDefaults {
  private ProducerDefaults() {}

  public static Map<String, String> all() {
    return KafkaSink.PRODUCER_DEFAULTS;
  }
}
