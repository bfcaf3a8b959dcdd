package dev.ringtap.registry;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketSchema;
import dev.ringtap.record.WireFormat;
import dev.ringtap.testkit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A registry that answers whatever it likes, and a record that refers to it: a number, a schema,
 * packets, or one exception. The input is the status (two bytes), the length of the answer (two
 * bytes), the answer, and the bytes after the record's header.
 */
public final class RegistryFuzzTest extends FuzzTest {
  private static final RegistryUrl URL = RegistryUrl.parse("http://registry:8081");

  public RegistryFuzzTest() {
    super(RegistryFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 4) {
      return;
    }
    ByteBuffer in = ByteBuffer.wrap(input);
    int status = in.getShort();
    byte[] body = new byte[Math.min(Short.toUnsignedInt(in.getShort()), in.remaining())];
    in.get(body);
    byte[] value = new byte[WireFormat.REGISTRY.headerBytes() + in.remaining()];
    in.get(value, WireFormat.REGISTRY.headerBytes(), in.remaining());

    AnsweringClient client = new AnsweringClient(status, body);
    try (SchemaRegistry registry = SchemaRegistry.at(URL, 5, client)) {
      take(() -> registry.register("packets-value", PacketSchema.published()));
      take(() -> registry.check("packets-value", PacketSchema.published()));
      List<String> notes = new ArrayList<>();
      PacketDecoder decoder = new PacketDecoder(registry, notes::add);
      take(
          () -> {
            List<Packet> packets = decoder.decode(value);
            if (packets.size() > value.length) {
              throw new AssertionError(packets.size() + " packets of " + value.length + " bytes");
            }
          });
      if (notes.size() > 1) {
        throw new AssertionError(notes);
      }
    }
  }

  private interface Call {
    void run() throws IOException;
  }

  private static void take(Call call) {
    try {
      call.run();
    } catch (RegistryException e) {
      if (!e.getMessage().contains("http://registry:8081")) {
        throw new AssertionError(e);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
