package dev.ringtap.record;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.SYN;
import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.testkit.Packets;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bytes of flow records are those of Avro's own encoder. */
@Timeout(30)
class FlowEncoderTest {
  private static final CaptureId CAPTURE = new CaptureId("hôst", "eth0", 1_700_000_000_000_000L, 2);
  private static final long NANOS = 1_790_000_000_000_000_000L;

  private final List<byte[]> records = new ArrayList<>();
  private final List<Flow> flows = new ArrayList<>();

  private void run(FlowEncoder encoder, List<byte[]> frames) {
    FlowTable table =
        new FlowTable(
            FlowLimits.DEFAULT,
            flow -> {
              records.add(encoder.encode(flow));
              flows.add(FlowFields.flow(flow));
            });
    try (BlockBuilder builder = new BlockBuilder(1 << 18)) {
      long nanos = NANOS;
      for (byte[] frame : frames) {
        builder.start(CAPTURE, LinkType.ETHERNET, 262_144);
        builder.append(
            nanos, frame.length, PacketType.HOST, 0, MemorySegment.ofArray(frame), 0, frame.length);
        nanos += 1_000_000;
        try (Block block = builder.build(0, frame.length % 5 == 0 ? 3 : 0)) {
          table.accept(block.next());
        }
      }
    }
    table.endAll();
  }

  @Test
  void recordsAreAvros() throws Exception {
    Random random = new Random(7);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      frames.add(Packets.frame(random));
    }
    run(FlowEncoder.singleObject(), frames);
    assertThat(records).hasSizeGreaterThan(2000);
    SpecificDatumWriter<Flow> writer = new SpecificDatumWriter<>(Flow.class);
    for (int i = 0; i < records.size(); i++) {
      byte[] record = records.get(i);
      Flow flow = Flow.getDecoder().decode(record);
      assertThat(flows.get(i)).isEqualTo(flow);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      BinaryEncoder avro = EncoderFactory.get().binaryEncoder(bytes, null);
      writer.write(flow, avro);
      avro.flush();
      assertThat(Arrays.copyOfRange(record, 10, record.length)).isEqualTo(bytes.toByteArray());
    }
  }

  @Test
  void fieldsAreTheFlows() throws Exception {
    byte[] none = new byte[0];
    byte[] data = bytes(100);
    run(
        FlowEncoder.singleObject(),
        List.of(
            tagged(tcp("10.0.0.1", 40000, "10.0.0.2", 80, SYN, 99, 0, none, none)),
            tagged(tcp("10.0.0.2", 80, "10.0.0.1", 40000, SYN | ACK, 499, 100, none, none)),
            tagged(tcp("10.0.0.1", 40000, "10.0.0.2", 80, ACK, 100, 500, none, none)),
            tagged(tcp("10.0.0.1", 40000, "10.0.0.2", 80, ACK, 100, 500, none, data)),
            tagged(tcp("10.0.0.2", 80, "10.0.0.1", 40000, ACK, 500, 200, none, data)),
            tagged(tcp("10.0.0.2", 80, "10.0.0.1", 40000, ACK, 500, 200, none, data))));
    Flow flow = Flow.getDecoder().decode(records.get(0));
    Instant start = Instant.ofEpochSecond(NANOS / 1_000_000_000L);
    assertThat(flow.getHost()).isEqualTo("hôst");
    assertThat(flow.getMember()).isEqualTo(2);
    assertThat(flow.getFlowStartNanoseconds()).isEqualTo(start);
    assertThat(flow.getFlowEndNanoseconds()).isEqualTo(start.plusMillis(5));
    assertThat(flow.getFlowEndReason()).isEqualTo(FlowEndReason.FORCED_END);
    assertThat(flow.getDot1qVlanId()).isEqualTo(100);
    assertThat(flow.getDot1qCustomerVlanId()).isNull();
    assertThat(flow.getProtocolIdentifier()).isEqualTo(6);
    assertThat(flow.getSourceIPAddress()).isEqualTo("10.0.0.1");
    assertThat(flow.getDestinationIPAddress()).isEqualTo("10.0.0.2");
    assertThat(flow.getSourceTransportPort()).isEqualTo(40000);
    assertThat(flow.getDestinationTransportPort()).isEqualTo(80);
    assertThat(flow.getIcmpTypeCode()).isNull();
    assertThat(flow.getCommunityId()).isEqualTo("1:3k1SoWXs/FltHw2aBCgUTgbDQF4=");
    assertThat(flow.getPacketDeltaCount()).isEqualTo(3);
    assertThat(flow.getReversePacketDeltaCount()).isEqualTo(3);
    assertThat(flow.getOctetDeltaCount()).isEqualTo(3 * 40 + 100);
    assertThat(flow.getReverseOctetDeltaCount()).isEqualTo(3 * 40 + 200);
    assertThat(flow.getLayer2OctetDeltaCount()).isEqualTo(3 * 58 + 100);
    assertThat(flow.getMinimumTTL()).isEqualTo(64);
    assertThat(flow.getFirstPayloadNanoseconds()).isEqualTo(start.plusMillis(3));
    assertThat(flow.getReverseFirstPayloadNanoseconds()).isEqualTo(start.plusMillis(4));
    FlowTcp tcp = flow.getTcp();
    assertThat(tcp.getCompleteness()).isEqualTo(15);
    assertThat(tcp.getServerHandshakeNanoseconds()).isEqualTo(1_000_000);
    assertThat(tcp.getClientHandshakeNanoseconds()).isEqualTo(1_000_000);
    assertThat(tcp.getInitialRttNanoseconds()).isEqualTo(2_000_000);
    assertThat(tcp.getTcpControlBits()).isEqualTo(SYN | ACK);
    assertThat(tcp.getRetransmissions()).isZero();
    assertThat(tcp.getReverseRetransmissions()).isEqualTo(1);
  }

  private static byte[] tagged(byte[] packet) {
    return tag(ethernet(packet), 0x8100, 0xE064);
  }

  @Test
  void aRegistrysNumberStandsBeforeTheSameBytes() {
    List<byte[]> frames = List.of(ethernet(Packets.udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(3))));
    run(FlowEncoder.singleObject(), frames);
    run(FlowEncoder.registry(0x01020304), frames);
    byte[] single = records.get(0);
    byte[] registry = records.get(1);
    assertThat(Arrays.copyOf(registry, 5)).containsExactly(0, 1, 2, 3, 4);
    assertThat(Arrays.copyOfRange(registry, 5, registry.length))
        .isEqualTo(Arrays.copyOfRange(single, 10, single.length));
    assertThat(ByteBuffer.wrap(single).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong(2))
        .isEqualTo(SchemaNormalization.parsingFingerprint64(PacketSchema.publishedFlow()));
  }
}
