package dev.ringtap.record;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import java.lang.foreign.MemorySegment;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The record that the page shows, and records as the page's programs print them. */
final class ExampleRecords {
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private static final CaptureId CAPTURE =
      new CaptureId("web-1", "eth0", 1_767_225_600_123_456L, 0);
  private static final long NANOS = 1_767_225_601_000_000_042L;
  private static final int TAG = 0x8100 << 16 | 5 << 13 | 100;
  private static final int SNAP_LENGTH = 262_144;

  /** An ARP request, as the kernel has it beside its tag. */
  private static final byte[] FRAME =
      HexFormat.of()
          .parseHex(
              "ffffffffffff"
                  + "020000000001"
                  + "0806"
                  + "0001080006040001"
                  + "020000000001c0000201"
                  + "000000000000c0000202");

  private ExampleRecords() {}

  /** The value of a Kafka record. */
  static byte[] value() {
    byte[][] value = new byte[1][];
    frame(frame -> value[0] = PacketEncoder.singleObject().encode(frame));
    return value[0];
  }

  private static void frame(Consumer<Frame> consumer) {
    try (BlockBuilder builder = new BlockBuilder(BlockBuilder.blockSizeBytes(FRAME.length))) {
      builder.start(CAPTURE, LinkType.ETHERNET, SNAP_LENGTH);
      builder.append(
          NANOS,
          FRAME.length,
          PacketType.BROADCAST,
          TAG,
          MemorySegment.ofArray(FRAME),
          0,
          FRAME.length);
      try (Block block = builder.build(4711, 3)) {
        consumer.accept(block.next());
      }
    }
  }

  /** What the page's programs print of a packet, in the order of the schema. */
  static Map<String, Object> printed(Packet packet) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("host", packet.getHost());
    fields.put("interfaceName", packet.getInterfaceName());
    fields.put("captureStart", MICROS.format(packet.getCaptureStart()));
    fields.put("member", packet.getMember());
    fields.put("timestamp", PacketFields.timestampNanos(packet));
    fields.put("sequence", packet.getSequence());
    fields.put("lostBefore", packet.getLostBefore());
    fields.put("originalLength", packet.getOriginalLength());
    fields.put("linkType", packet.getLinkType());
    fields.put("packetType", packet.getPacketType().name());
    fields.put("flags", packet.getFlags());
    fields.put("vlan", printed(packet.getVlan()));
    byte[] payload = new byte[packet.getPayload().remaining()];
    packet.getPayload().duplicate().get(payload);
    fields.put("payload", HexFormat.of().formatHex(payload));
    return fields;
  }

  private static Map<String, Object> printed(Vlan vlan) {
    if (vlan == null) {
      return null;
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tpid", vlan.getTpid());
    fields.put("id", vlan.getId());
    fields.put("priority", vlan.getPriority());
    fields.put("dropEligible", vlan.getDropEligible());
    return fields;
  }
}
