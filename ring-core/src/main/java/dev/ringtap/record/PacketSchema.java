package dev.ringtap.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.avro.Schema;

/** The record's schema as other programs get it. */
public final class PacketSchema {
  private PacketSchema() {}

  /**
   * The schema that a registry gets: {@code Packet.avsc} as it is written. {@link
   * Packet#getClassSchema} has the same fields and says of each string which Java class holds it,
   * which concerns nobody else.
   */
  public static Schema published() {
    try (InputStream text = PacketSchema.class.getResourceAsStream("Packet.avsc")) {
      return new Schema.Parser().parse(text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read Packet.avsc beside " + PacketSchema.class, e);
    }
  }
}
