package dev.ringtap.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.filter.BpfProgram.Instruction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class BpfInterpreterTest {
  private static final byte[] FRAME = {1, 2, 3, 4, (byte) 0xFF, (byte) 0xFE, 0x45};

  private static int run(List<Instruction> instructions, Ancillary ancillary) {
    byte[] memory = new byte[FRAME.length + 8];
    System.arraycopy(FRAME, 0, memory, 4, FRAME.length);
    return new BpfInterpreter(new BpfProgram(instructions))
        .run(MemorySegment.ofArray(memory), 4, FRAME.length, 1000, ancillary);
  }

  /** Runs {@code code:k} pairs and returns A; the registers are 32 bits, shown unsigned. */
  private static long resultOf(String steps, Ancillary ancillary) {
    List<Instruction> instructions = new ArrayList<>();
    for (String step : steps.strip().split(" ")) {
      String[] parts = step.split(":");
      instructions.add(
          new Instruction(Integer.decode(parts[0]), 0, 0, Long.decode(parts[1]).intValue()));
    }
    instructions.add(new Instruction(Bpf.RET_A, 0, 0, 0));
    return Integer.toUnsignedLong(run(instructions, ancillary));
  }

  @ParameterizedTest
  @CsvSource({
    // loads: word, half, byte, length, and the last that fits
    "0x20:0, 0x01020304",
    "0x28:3, 0x04FF",
    "0x30:4, 0xFF",
    "0x80:0, 1000",
    "0x20:3, 0x04FFFE45",
    // one byte outside: refused
    "0x20:4, 0",
    "0x28:6, 0",
    "0x30:7, 0",
    "0x01:-3 0x50:0, 0",
    "0x30:-1048576, 0",
    "0x30:-2097152, 0",
    "0x30:-2147483648, 0",
    "0x00:9 0xb1:7, 0",
    // X, indirect, IP header length
    "0x01:2 0x40:1, 0x04FFFE45",
    "0x01:2 0x48:2, 0xFFFE",
    "0x01:0xFFFFFFFF 0x50:5, 0xFF",
    "0x00:5 0xb1:6 0x87:0, 20",
    "0x81:0 0x87:0, 1000",
    // scratch
    "0x00:77 0x02:15 0x00:0 0x60:15, 77",
    "0x01:78 0x03:0 0x61:0 0x87:0, 78",
    // arithmetic, unsigned
    "0x00:-1 0x04:2, 1",
    "0x00:1 0x14:2, 0xFFFFFFFF",
    "0x00:0x10001 0x24:0x10000, 0x10000",
    "0x00:-2 0x34:2, 0x7FFFFFFF",
    "0x00:-1 0x94:10, 5",
    "0x00:-2 0x01:2 0x3c:0, 0x7FFFFFFF",
    "0x00:9 0x01:0 0x3c:0, 0",
    "0x00:9 0x01:0 0x9c:0, 0",
    "0x00:12 0x44:3, 15",
    "0x00:12 0x54:4, 4",
    "0x00:12 0xa4:4, 8",
    "0x00:12 0x01:4 0xac:0, 8",
    "0x00:1 0x64:31, 0x80000000",
    "0x00:-1 0x74:31, 1",
    "0x00:1 0x01:33 0x6c:0, 2",
    "0x00:1 0x84:0, 0xFFFFFFFF",
    "0x00:3 0x07:0 0x00:0 0x87:0, 3",
  })
  void computesAsTheKernelDoes(String steps, String result) {
    assertThat(resultOf(steps, Ancillary.NONE)).isEqualTo(Long.decode(result));
  }

  @ParameterizedTest
  @CsvSource({
    "0x15, 7, 7, true", "0x15, 7, 8, false", "0x25, -1, 5, true", "0x25, 5, -1, false",
    "0x35, 5, 5, true", "0x35, 4, -5, false", "0x45, 6, 2, true", "0x45, 6, 8, false",
  })
  void comparesUnsigned(int code, int a, int k, boolean holds) {
    for (boolean byX : new boolean[] {false, true}) {
      int kept =
          run(
              List.of(
                  new Instruction(Bpf.LD_IMM, 0, 0, a),
                  new Instruction(Bpf.LDX_IMM, 0, 0, k),
                  new Instruction(byX ? code | 8 : code, 1, 0, k),
                  BpfProgram.ret(0),
                  BpfProgram.ret(99)),
              Ancillary.NONE);
      assertThat(kept).as("by X: %s", byX).isEqualTo(holds ? 99 : 0);
    }
  }

  @Test
  void loadsWhatIsKnownBesideTheFrameAndRefusesWhatIsNot() {
    Ancillary tagged =
        which ->
            which == Bpf.AD_VLAN_TAG_PRESENT
                ? 1
                : which == Bpf.AD_VLAN_TAG ? 0xF064 : Ancillary.UNKNOWN;
    assertThat(resultOf("0x30:-4048", tagged)).isEqualTo(1);
    assertThat(resultOf("0x30:-4052", tagged)).isEqualTo(0xF064);
    assertThat(resultOf("0x28:-4092 0x00:5", tagged)).as("packet type").isZero();
    assertThat(resultOf("0x28:-4048 0x00:5", Ancillary.NONE)).isZero();
    assertThat(resultOf("0x20:-1048576 0x00:5", tagged)).as("network layer").isZero();
  }

  @ParameterizedTest
  @CsvSource({
    // network layer, directly and by X, its last byte, one too far, one before it
    "0x28:-1048576, 0x0304",
    "0x01:2 0x48:-1048576, 0xFFFE",
    "0x30:-1048572, 0x45",
    "0x30:-1048571, 0",
    "0x30:-1048577, 0",
    "0xb1:-1048572 0x87:0, 20",
    // link layer
    "0x20:-2097152, 0x01020304",
    "0x30:-2097146, 0x45",
    "0x30:-2097153, 0",
    // an ancillary value has no indirect load
    "0x01:0 0x50:-4096, 0",
  })
  void loadsFromTheLayersThatAreKnown(String steps, String result) {
    Ancillary layers =
        new Ancillary() {
          @Override
          public long value(int which) {
            return 7;
          }

          @Override
          public long networkOffset() {
            return 2;
          }

          @Override
          public long linkOffset() {
            return 0;
          }
        };
    assertThat(resultOf(steps, layers)).isEqualTo(Long.decode(result));
  }

  @Test
  void oneInterpreterRunsManyFrames() {
    BpfInterpreter ip =
        new BpfInterpreter(BpfProgram.parse("4\n40 0 0 12\n21 0 1 2048\n6 0 0 96\n6 0 0 0\n"));
    byte[] frame = new byte[60];
    MemorySegment memory = MemorySegment.ofArray(frame);
    assertThat(ip.run(memory, 0, 60, 60, Ancillary.NONE)).isZero();
    frame[12] = 8;
    assertThat(ip.run(memory, 0, 60, 60, Ancillary.NONE)).isEqualTo(96);
    assertThat(ip.run(memory, 0, 13, 60, Ancillary.NONE)).isZero();
  }
}
