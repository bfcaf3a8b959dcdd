package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FrameFilter;
import java.io.IOException;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Which frames a source reads. It travels with the job and becomes a BPF program on the reader's
 * host, where the interface and libpcap are.
 */
public interface PacketFilter extends Serializable {
  /** Keeps all frames. It is the same object wherever it travels to, and costs nothing there. */
  PacketFilter ALL = new AllFilter();

  /**
   * The program that the kernel runs on an interface. Called in the interface's network namespace.
   *
   * @param device the interface, of this host
   * @param snapLengthBytes most bytes kept of a frame
   * @throws IOException if there is none; the message says why
   */
  BpfProgram forInterface(CaptureInterface device, int snapLengthBytes) throws IOException;

  /**
   * Whether the program of {@link #forInterface} is all of the filter there; otherwise the reader
   * asks {@link #inReader} too.
   */
  default boolean kernelDecides(CaptureInterface device) {
    return true;
  }

  /** What the reader asks where the kernel does not decide, beside {@link #forFiles}; or null. */
  default @Nullable FramePredicate inReader() {
    return null;
  }

  /** The programs for frames whose bytes are all that is known, as those of a capture file. */
  FrameFilter forFiles();

  /**
   * An expression of pcap-filter(7), compiled by libpcap on the reader's host.
   *
   * @param expression what tcpdump takes; a wrong one fails the job with libpcap's own words
   */
  static PacketFilter of(String expression) {
    return new ExpressionFilter(expression);
  }

  /** A program that was compiled elsewhere; it must fit the link type of what is read. */
  static PacketFilter of(BpfProgram program) {
    return new ProgramFilter(program);
  }

  /** See {@link #of(String)}. */
  final class ExpressionFilter implements PacketFilter {
    private static final long serialVersionUID = 1;

    private final String expression;

    private ExpressionFilter(String expression) {
      this.expression = expression;
    }

    @Override
    public BpfProgram forInterface(CaptureInterface device, int snapLengthBytes)
        throws IOException {
      return FilterCompiler.system()
          .compileLive(expression, device.name(), device.linkType(), snapLengthBytes);
    }

    @Override
    public FrameFilter forFiles() {
      return FrameFilter.of(expression, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    }

    @Override
    public String toString() {
      return expression;
    }
  }

  /** See {@link #ALL}. */
  final class AllFilter implements PacketFilter {
    private static final long serialVersionUID = 1;

    private AllFilter() {}

    @Override
    public BpfProgram forInterface(CaptureInterface device, int snapLengthBytes) {
      return BpfProgram.acceptAll(snapLengthBytes);
    }

    @Override
    public FrameFilter forFiles() {
      return FrameFilter.of(BpfProgram.acceptAll(-1));
    }

    private Object readResolve() {
      return ALL;
    }

    @Override
    public String toString() {
      return "all frames";
    }
  }

  /** See {@link #of(BpfProgram)}. */
  final class ProgramFilter implements PacketFilter {
    private static final long serialVersionUID = 1;

    private final BpfProgram program;

    private ProgramFilter(BpfProgram program) {
      this.program = program;
    }

    @Override
    public BpfProgram forInterface(CaptureInterface device, int snapLengthBytes) {
      return program.cutTo(snapLengthBytes);
    }

    @Override
    public FrameFilter forFiles() {
      return FrameFilter.of(program);
    }

    @Override
    public String toString() {
      return "BPF program of " + program.instructions().size() + " instructions";
    }
  }
}
