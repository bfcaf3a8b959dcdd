package dev.ringtap.filter;

import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.tag;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.RingMemory;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The interpreter beside the kernel: random programs on frames of a virtual wire. */
@Timeout(120)
class BpfInterpreterIT {
  private FilterWire wire;

  @BeforeEach
  void createWire() throws IOException {
    wire = FilterWire.createOrSkip();
  }

  @AfterEach
  void closeWire() {
    if (wire != null) {
      wire.close();
    }
  }

  /** A frame as the kernel's filter sees it. */
  private record Seen(
      byte[] bytes,
      int wireLength,
      int packetType,
      int tag,
      int etherType,
      int ifindex,
      long networkOffset)
      implements Ancillary {
    static Seen of(Frame frame, int ifindex) {
      byte[] bytes =
          RingMemory.of(frame)
              .asSlice(RingMemory.dataOffset(frame), frame.capturedLength())
              .toArray(JAVA_BYTE);
      int stripped = frame.payloadLength() - frame.capturedLength();
      return new Seen(
          bytes,
          frame.originalLength() - stripped,
          frame.packetType().ordinal(),
          stripped == 0 ? 0 : frame.vlanTag(),
          frame.protocol(),
          ifindex,
          networkOffset(frame));
    }

    /** As the ring's header says it, which stands where its own offsets are right. */
    private static long networkOffset(Frame frame) {
      int net = 96;
      for (int macBytes = 0; macBytes <= 28; macBytes++) {
        long header = RingMemory.dataOffset(frame) + macBytes - net;
        if (header % Tpacket3Hdr.ALIGNMENT == 0
            && Tpacket3Hdr.mac(RingMemory.of(frame), header) == net - macBytes
            && Tpacket3Hdr.net(RingMemory.of(frame), header) == net) {
          return macBytes;
        }
      }
      throw new AssertionError("no header before the frame");
    }

    @Override
    public long linkOffset() {
      return 0;
    }

    @Override
    public long value(int which) {
      return switch (which) {
        case Bpf.AD_PROTOCOL -> etherType;
        case Bpf.AD_PKTTYPE -> packetType;
        case Bpf.AD_IFINDEX -> ifindex;
        case Bpf.AD_VLAN_TAG -> tag & 0xFFFF;
        case Bpf.AD_VLAN_TAG_PRESENT -> tag == 0 ? 0 : 1;
        case Bpf.AD_VLAN_TPID -> tag >>> 16;
        default -> Ancillary.UNKNOWN;
      };
    }
  }

  @Test
  void interpreterDecidesAsTheKernel() throws Exception {
    Random random = new Random(5);
    int ifindex = wire.network().call(() -> CaptureInterface.named(PrivateNetwork.RIGHT).index());
    long runs = 0;
    long kept = 0;
    for (int round = 0; round < 4; round++) {
      List<byte[]> frames = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        frames.add(Packets.frame(random));
      }
      List<BpfProgram> programs = new ArrayList<>();
      List<PacketCapture> captures = new ArrayList<>();
      try (PacketCapture all = wire.open(null)) {
        for (int i = 0; i < 60; i++) {
          BpfProgram program =
              RandomProgram.next(
                  random,
                  Bpf.AD_PROTOCOL,
                  Bpf.AD_PKTTYPE,
                  Bpf.AD_IFINDEX,
                  Bpf.AD_VLAN_TAG,
                  Bpf.AD_VLAN_TAG_PRESENT,
                  Bpf.AD_VLAN_TPID);
          programs.add(program);
          captures.add(wire.open(program));
        }
        wire.send(frames, all);
        for (PacketCapture each : captures) {
          each.stop();
        }
        all.stop();
        List<Seen> seen = FilterWire.drain(all, frame -> Seen.of(frame, ifindex));
        assertThat(seen).hasSize(2 * frames.size());
        for (int i = 0; i < programs.size(); i++) {
          BpfInterpreter interpreter = new BpfInterpreter(programs.get(i));
          List<byte[]> expected = new ArrayList<>();
          for (Seen each : seen) {
            int length = each.bytes.length;
            MemorySegment memory = MemorySegment.ofArray(each.bytes);
            int keep = interpreter.run(memory, 0, length, each.wireLength, each);
            if (keep != 0) {
              int cut = Integer.compareUnsigned(keep, length) < 0 ? keep : length;
              expected.add(Arrays.copyOf(each.bytes, cut));
            }
          }
          List<byte[]> kernels =
              FilterWire.drain(captures.get(i), frame -> Seen.of(frame, ifindex).bytes());
          assertThat(kernels)
              .as(programs.get(i).instructions().toString())
              .usingElementComparator(Arrays::compare)
              .containsExactlyElementsOf(expected);
          runs += seen.size();
          kept += expected.size();
        }
      } finally {
        for (PacketCapture each : captures) {
          each.close();
        }
      }
    }
    System.out.println(runs + " runs of random programs as in the kernel, " + kept + " kept");
    assertThat(kept).isBetween(runs / 10, runs * 9 / 10);
  }
}
