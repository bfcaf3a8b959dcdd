package dev.ringtap.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.avro.Schema;

/** The records' schemas as other programs get them. */
public final class PacketSchema {
  private PacketSchema() {}

  /**
   * The schema that a registry gets: {@code Packet.avsc} as it is written. {@link
   * Packet#getClassSchema} has the same fields and says of each string which Java class holds it,
   * which concerns nobody else.
   */
  public static Schema published() {
    return parse(new Schema.Parser(), "Packet.avsc");
  }

  /** The same for {@link PacketBatch}: {@code PacketBatch.avsc}, with {@link #published} in it. */
  public static Schema publishedBatch() {
    Schema.Parser parser = new Schema.Parser();
    parse(parser, "Packet.avsc");
    return parse(parser, "PacketBatch.avsc");
  }

  /** The same for {@link Flow}: {@code Flow.avsc}. */
  public static Schema publishedFlow() {
    return parse(new Schema.Parser(), "Flow.avsc");
  }

  private static Schema parse(Schema.Parser parser, String name) {
    try (InputStream text = PacketSchema.class.getResourceAsStream(name)) {
      return parser.parse(text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name + " beside " + PacketSchema.class, e);
    }
  }
}
