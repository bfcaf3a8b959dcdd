package dev.ringtap.filter;

import dev.ringtap.filter.BpfProgram.Instruction;
import dev.ringtap.testkit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A program of any instructions, then a frame of any bytes: it is refused for a reason, or runs to
 * its end and reads nothing but the frame.
 */
public final class BpfFuzzTest extends FuzzTest {
  private static final int MOST_INSTRUCTIONS = 64;
  private static final int AROUND = 64;

  public BpfFuzzTest() {
    super(BpfFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    ByteBuffer in = ByteBuffer.wrap(input);
    BpfProgram program;
    try {
      program = new BpfProgram(instructions(in));
    } catch (IllegalArgumentException e) {
      BpfTextFuzzTest.requireReason(e);
      return;
    } catch (BufferUnderflowException e) {
      return;
    }
    byte[] frame = Arrays.copyOfRange(input, in.position(), input.length);
    int kept = run(program, frame, (byte) 0);
    if (kept != run(program, frame, (byte) 0xFF)) {
      throw new AssertionError("bytes outside of the frame were read");
    }
    int cut = run(program.cutTo(50), frame, (byte) 0);
    if (kept == 0 ? cut != 0 : cut == 0) {
      throw new AssertionError("kept " + kept + ", cut " + cut);
    }
  }

  /** The number of instructions, then each as {@code struct sock_filter}. */
  private static List<Instruction> instructions(ByteBuffer in) {
    int count = Math.min(Byte.toUnsignedInt(in.get()), MOST_INSTRUCTIONS);
    List<Instruction> instructions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      instructions.add(
          new Instruction(
              Short.toUnsignedInt(in.getShort()),
              Byte.toUnsignedInt(in.get()),
              Byte.toUnsignedInt(in.get()),
              in.getInt()));
    }
    return instructions;
  }

  private static int run(BpfProgram program, byte[] frame, byte around) {
    byte[] bytes = new byte[AROUND + frame.length + AROUND];
    Arrays.fill(bytes, around);
    System.arraycopy(frame, 0, bytes, AROUND, frame.length);
    Ancillary ancillary =
        new Ancillary() {
          @Override
          public long value(int which) {
            return which == Bpf.AD_CPU ? UNKNOWN : which;
          }

          @Override
          public long networkOffset() {
            return frame.length == 0 ? UNKNOWN : frame[0];
          }
        };
    return new BpfInterpreter(program)
        .run(MemorySegment.ofArray(bytes), AROUND, frame.length, frame.length + 4, ancillary);
  }
}
