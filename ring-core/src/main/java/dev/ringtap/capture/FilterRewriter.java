package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.BpfProgram.Instruction;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.SockFprog;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Fits a filter to what the kernel lets it see. A filter speaks of the payload as delivered; on a
 * cooked capture the kernel runs it on the frame without that header, whose fields it has under
 * numbers of their own ({@link Bpf#AD_OFF}). As libpcap's {@code fix_offset}.
 */
final class FilterRewriter {
  private FilterRewriter() {}

  /** The filter, fitted to what the kernel lets it see on this interface. */
  static BpfProgram forInterface(CaptureConfig config, CaptureInterface device)
      throws CaptureException {
    BpfProgram program = config.kernelProgram();
    if (device.isCooked()) {
      int linkType = device.linkType();
      int frameBytes =
          device.snapLengthBytes(config.snapLengthBytes()) - CookedHeader.bytes(linkType);
      program = cooked(program, linkType).cutTo(frameBytes);
    }
    Direction direction = config.get(CaptureOption.DIRECTION);
    if (direction != Direction.INOUT) {
      return only(direction, program);
    }
    if (device.isLoopback()) {
      // it shows every frame twice, going out and coming in
      return only(Direction.IN, program);
    }
    if (device.isAny()) {
      for (CaptureInterface each : CaptureInterface.list()) {
        if (each.isLoopback()) {
          program = withoutOutgoing(each.index(), program);
        }
      }
    }
    return program;
  }

  /** Replaces the socket's filter at once. */
  static void attach(PacketSocket socket, BpfProgram program) throws LinuxException {
    socket.attachFilter(nativeProgram(program));
  }

  /** A program as the kernel takes it. */
  static SockFprog nativeProgram(BpfProgram program) {
    SockFprog fprog = new SockFprog(Arena.ofAuto(), program.instructions().size());
    int index = 0;
    for (BpfProgram.Instruction each : program.instructions()) {
      fprog.set(index++, each.code(), each.jt(), each.jf(), each.k());
    }
    return fprog;
  }

  /**
   * The program for a cooked capture.
   *
   * @param program what decides on the payload, its snap length counting the header
   * @throws CaptureException if the program reads bytes of the header that the kernel does not have
   */
  static BpfProgram cooked(BpfProgram program, int linkType) throws CaptureException {
    int headerBytes = CookedHeader.bytes(linkType);
    List<Instruction> fitted = new ArrayList<>();
    for (Instruction each : program.instructions()) {
      // operands below 0 are the kernel's own fields already
      if (loadsFromFrame(each.code()) && each.k() >= 0) {
        int at =
            each.k() >= headerBytes ? each.k() - headerBytes : field(each, linkType, headerBytes);
        fitted.add(new Instruction(each.code(), each.jt(), each.jf(), at));
      } else {
        fitted.add(each);
      }
    }
    return new BpfProgram(fitted);
  }

  private static boolean loadsFromFrame(int code) {
    return switch (code) {
      case Bpf.LD_W_ABS,
          Bpf.LD_H_ABS,
          Bpf.LD_B_ABS,
          Bpf.LD_W_IND,
          Bpf.LD_H_IND,
          Bpf.LD_B_IND,
          Bpf.LDX_B_MSH ->
          true;
      default -> false;
    };
  }

  /**
   * The kernel's number of a header field that is loaded whole: a part of it would have another
   * value than the number has.
   */
  private static int field(Instruction load, int linkType, int headerBytes)
      throws CaptureException {
    boolean second = linkType == LinkType.LINUX_SLL2;
    int at = load.k();
    switch (load.code()) {
      case Bpf.LD_W_ABS -> {
        if (second && at == 4) {
          return Bpf.AD_OFF + Bpf.AD_IFINDEX;
        }
      }
      case Bpf.LD_H_ABS -> {
        if (at == (second ? 0 : 14)) {
          return Bpf.AD_OFF + Bpf.AD_PROTOCOL;
        }
        if (at == (second ? 8 : 2)) {
          return Bpf.AD_OFF + Bpf.AD_HATYPE;
        }
        if (!second && at == 0) {
          return Bpf.AD_OFF + Bpf.AD_PKTTYPE;
        }
      }
      case Bpf.LD_B_ABS -> {
        if (second && at == 10) {
          return Bpf.AD_OFF + Bpf.AD_PKTTYPE;
        }
      }
      default -> {}
    }
    throw new CaptureException(
        Reason.UNSUPPORTED_FILTER,
        ("the filter reads byte %s of the frame's cooked header of %s bytes, which the"
                + " kernel cannot look at; filter by protocol, direction, hardware type, interface"
                + " or what follows the header")
            .formatted(at, headerBytes));
  }

  /** Refuses what goes the other way. */
  static BpfProgram only(Direction direction, BpfProgram rest) {
    boolean out = direction == Direction.OUT;
    List<Instruction> program = new ArrayList<>();
    program.add(new Instruction(Bpf.LD_B_ABS, 0, 0, Bpf.AD_OFF + Bpf.AD_PKTTYPE));
    program.add(
        new Instruction(Bpf.JEQ_K, out ? 1 : 0, out ? 0 : 1, PacketType.OUTGOING.ordinal()));
    program.add(new Instruction(Bpf.RET_K, 0, 0, 0));
    return before(program, rest);
  }

  /** Refuses what goes out on the loopback, which shows every frame again as it comes in. */
  static BpfProgram withoutOutgoing(int loopbackIndex, BpfProgram rest) {
    List<Instruction> program = new ArrayList<>();
    program.add(new Instruction(Bpf.LD_W_ABS, 0, 0, Bpf.AD_OFF + Bpf.AD_IFINDEX));
    program.add(new Instruction(Bpf.JEQ_K, 0, 3, loopbackIndex));
    program.add(new Instruction(Bpf.LD_B_ABS, 0, 0, Bpf.AD_OFF + Bpf.AD_PKTTYPE));
    program.add(new Instruction(Bpf.JEQ_K, 0, 1, PacketType.OUTGOING.ordinal()));
    program.add(new Instruction(Bpf.RET_K, 0, 0, 0));
    return before(program, rest);
  }

  /** The other program begins as the kernel starts one: with A = 0. */
  private static BpfProgram before(List<Instruction> program, BpfProgram rest) {
    program.add(new Instruction(Bpf.LD_IMM, 0, 0, 0));
    program.addAll(rest.instructions());
    return new BpfProgram(program);
  }
}
