package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.flink.table.NumberPredicate.Comparison;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The BPF of a predicate decides on every frame as the predicate does on the decoded columns; where
 * it is not exact it keeps more, never less.
 */
@Timeout(30)
class PredicateBpfTest {
  private static final int PREDICATES = 300;
  private static final String[] SUBNETS = {
    "10.1.0.0/16", "10.1.2.3", "198.51.100.0/25", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1"
  };

  private final Random random = new Random(42);

  private Predicate predicate(int depth) {
    int kind = random.nextInt(depth > 2 ? 4 : 6);
    HeaderField field = HeaderField.values()[random.nextInt(HeaderField.values().length)];
    return switch (kind) {
      case 0, 1 -> {
        Comparison comparison = Comparison.values()[random.nextInt(6)];
        int[] likely = {-1, 0, 1, 2, 4, 6, 17, 53, 100, 443, 2048, 0x86DD, 0x8100, 65_536};
        yield new NumberPredicate(field, comparison, likely[random.nextInt(likely.length)]);
      }
      case 2 ->
          random.nextBoolean()
              ? new PresencePredicate(field, random.nextBoolean())
              : new MacPredicate(random.nextBoolean(), Packets.MAC_1, random.nextBoolean());
      case 3 ->
          new SubnetPredicate(
              random.nextBoolean(),
              Subnet.parse(SUBNETS[random.nextInt(SUBNETS.length)]),
              random.nextBoolean());
      default -> {
        List<Predicate> parts = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
          parts.add(predicate(depth + 1));
        }
        yield new JoinedPredicate(random.nextBoolean(), parts);
      }
    };
  }

  /** Frames as files have them, and as rings have them with the outer tag beside the frame. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theProgramDecidesAsThePredicate(boolean stripped) {
    List<byte[]> frames = SampleFrames.all(300);
    PacketHeaders headers = new PacketHeaders();
    int kept = 0;
    int extra = 0;
    try (BlockBuilder builder = new BlockBuilder(4 << 20)) {
      for (int i = 0; i < PREDICATES; i++) {
        Predicate predicate = predicate(0);
        int snap = i % 3 == 0 ? 40 + random.nextInt(40) : 262_144;
        BpfInterpreter program =
            new BpfInterpreter(
                PredicateFilter.program(
                    predicate, LinkType.ETHERNET, snap, BpfProgram.acceptAll(snap)));
        builder.start(CaptureId.on("test"), LinkType.ETHERNET, snap);
        for (byte[] each : frames) {
          append(builder, each, stripped, snap);
        }
        int number = 0;
        try (Block block = builder.build(0, 0)) {
          Frame frame;
          while ((frame = block.next()) != null) {
            boolean wanted = predicate.test(frame, headers.parse(frame));
            boolean keeps = run(program, frame);
            String what = predicate + " of frame " + number++;
            assertThat(keeps || !wanted).as("never refuses: " + what).isTrue();
            if (predicate.isExact()) {
              assertThat(keeps).as("exact: " + what).isEqualTo(wanted);
            }
            kept += keeps ? 1 : 0;
            extra += keeps && !wanted ? 1 : 0;
          }
        }
      }
    }
    assertThat(kept).isGreaterThan(10_000);
    // only the few frames with extension headers are kept without need
    assertThat(extra).isPositive().isLessThan(kept / 10);
  }

  private void append(BlockBuilder builder, byte[] frame, boolean strip, int snap) {
    byte[] bytes = frame;
    int tag = 0;
    int etherType = frame.length < 18 ? 0 : (frame[12] & 0xFF) << 8 | frame[13] & 0xFF;
    if (strip && (etherType == 0x8100 || etherType == 0x88A8)) {
      tag = etherType << 16 | (frame[14] & 0xFF) << 8 | frame[15] & 0xFF;
      bytes = new byte[frame.length - 4];
      System.arraycopy(frame, 0, bytes, 0, 12);
      System.arraycopy(frame, 16, bytes, 12, bytes.length - 12);
    }
    PacketType type = PacketType.values()[Math.floorMod(Arrays.hashCode(frame), 5)];
    assertThat(
            builder.append(
                1,
                bytes.length,
                type,
                tag,
                MemorySegment.ofArray(bytes),
                0,
                Math.min(snap, bytes.length)))
        .isTrue();
  }

  /** As the kernel runs it: on all of the frame that lies in the socket's buffer. */
  private static boolean run(BpfInterpreter program, Frame frame) {
    Ancillary ancillary =
        which ->
            switch (which) {
              case Bpf.AD_PKTTYPE -> frame.packetType().ordinal();
              case Bpf.AD_VLAN_TAG -> frame.isTagStripped() ? frame.vlanTag() & 0xFFFF : 0;
              case Bpf.AD_VLAN_TAG_PRESENT -> frame.isTagStripped() ? 1 : 0;
              case Bpf.AD_VLAN_TPID -> frame.isTagStripped() ? frame.vlanTag() >>> 16 : 0;
              default -> Ancillary.UNKNOWN;
            };
    return frame.run(program, ancillary) != 0;
  }

  @Test
  void rawIpHasNoEthernetHeader() {
    byte[] packet = Packets.udp("10.1.2.3", 7, "10.2.0.1", 53, new byte[9]);
    MacPredicate other = new MacPredicate(true, Packets.MAC_1, false);
    NumberPredicate dns = new NumberPredicate(HeaderField.DST_PORT, Comparison.EQUAL, 53);
    assertThat(runRaw(other, packet)).isFalse();
    assertThat(runRaw(dns, packet)).isTrue();
    assertThat(runRaw(dns, Packets.udp("2001:db8::1", 7, "2001:db8::2", 53, new byte[9]))).isTrue();
    assertThat(runRaw(dns, Packets.udp("10.1.2.3", 53, "10.2.0.1", 54, new byte[9]))).isFalse();
  }

  private static boolean runRaw(Predicate predicate, byte[] packet) {
    BpfProgram program =
        PredicateFilter.program(predicate, LinkType.RAW_IP, 262_144, BpfProgram.acceptAll(262_144));
    Ancillary plain = which -> 0;
    return new BpfInterpreter(program)
            .run(MemorySegment.ofArray(packet), 0, packet.length, packet.length, plain)
        != 0;
  }
}
