package dev.ringtap.kafka.agent;

import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/**
 * How much one record holds at most; a frame that is larger by itself is a record of its own.
 *
 * @param frames number of frames
 * @param bytes length of the value
 */
record RecordLimits(int frames, int bytes) {
  /** The record's key, and what Kafka itself puts before a record: at most 82 bytes. */
  private static final int AROUND_VALUE_BYTES = 512;

  /**
   * Limits for a producer. A record fits its {@code batch.size}, so that it is put into a buffer
   * that the producer has already, and its {@code max.request.size}. Both are counted before
   * compression; a broker takes up to 1 MiB after it unless told otherwise ({@code
   * message.max.bytes}), twice the default of the first.
   *
   * @param settings all that the producer was given
   */
  static RecordLimits of(int frames, Properties settings) {
    int most =
        Math.min(
            setting(settings, ProducerConfig.BATCH_SIZE_CONFIG),
            setting(settings, ProducerConfig.MAX_REQUEST_SIZE_CONFIG));
    return new RecordLimits(frames, most - AROUND_VALUE_BYTES);
  }

  private static int setting(Properties settings, String name) {
    Object kafkas = ProducerConfig.configDef().defaultValues().get(name);
    Object value = settings.getOrDefault(name, kafkas);
    return (Integer) ConfigDef.parseType(name, value, ConfigDef.Type.INT);
  }
}
