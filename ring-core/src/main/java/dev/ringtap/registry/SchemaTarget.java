package dev.ringtap.registry;

import dev.ringtap.record.PacketSchema;
import java.io.Serializable;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Where the schema of a topic's records is registered; the records then carry its number there.
 *
 * @param registry the schema registry
 * @param subject the name under which it keeps the schema's versions
 */
public record SchemaTarget(RegistryUrl registry, String subject) implements Serializable {
  /** What an option for the registry's URL means. */
  public static final String REGISTRY_MEANING =
      "Registers the schema in this registry (Confluent's API; Apicurio: /apis/ccompat/v7) and puts"
          + " its ID in front of each value. USER:PASSWORD@ before the host logs in.";

  /** What an option for the subject means. */
  public static final String SUBJECT_MEANING =
      "Registers the schema under this subject. Default: TOPIC-value.";

  /**
   * A target by what a user says.
   *
   * @param subject null for the name that serializers take by default, {@code TOPIC-value}
   * @throws IllegalArgumentException if the URL is none of a registry; the message shows it without
   *     its login
   */
  public static SchemaTarget of(String url, @Nullable String subject, String topic) {
    return new SchemaTarget(RegistryUrl.parse(url), subject == null ? topic + "-value" : subject);
  }

  /**
   * The number of a schema, which is registered where the subject does not have it yet. The
   * connection is closed when this returns, and so is no part of a capture that begins then.
   *
   * @param schema of {@link PacketSchema}
   * @throws RegistryException if the registry does not answer or refuses
   */
  public int register(Schema schema) throws RegistryException {
    try (SchemaRegistry client = SchemaRegistry.at(registry)) {
      return client.register(subject, schema);
    }
  }

  /**
   * Tries what {@link #register} does for single packets, and leaves the registry as it is.
   *
   * @throws RegistryException if the registry does not answer, refuses, or would
   */
  public void check() throws RegistryException {
    try (SchemaRegistry client = SchemaRegistry.at(registry)) {
      client.check(subject, PacketSchema.published());
    }
  }
}
