package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.flink.source.FramePredicate;
import dev.ringtap.flink.source.PacketFilter;
import dev.ringtap.flink.table.BpfAssembler.Label;
import java.io.IOException;

/**
 * A filter of the user's, and the predicates of a query: what both keep. In the kernel they are one
 * BPF program, the query's part made without libpcap.
 */
final class PredicateFilter implements PacketFilter {
  private static final long serialVersionUID = 1;

  private final PacketFilter user;
  private final Predicate predicate;
  private final ParsedHeaders parsed;
  private final boolean inKernel;

  /**
   * @param parsed shared with the rows of the same query
   * @param inKernel whether the kernel may decide the predicate; if not, frames are numbered as if
   *     there were only the user's filter
   */
  PredicateFilter(PacketFilter user, Predicate predicate, ParsedHeaders parsed, boolean inKernel) {
    this.user = user;
    this.predicate = predicate;
    this.parsed = parsed;
    this.inKernel = inKernel;
  }

  @Override
  public BpfProgram forInterface(CaptureInterface device, int snapLengthBytes) throws IOException {
    BpfProgram rest = user.forInterface(device, snapLengthBytes);
    return kernelDecides(device)
        ? program(predicate, device.linkType(), snapLengthBytes, rest)
        : rest;
  }

  /** What the predicate keeps goes on to another program. */
  static BpfProgram program(
      Predicate predicate, int linkType, int snapLengthBytes, BpfProgram rest) {
    BpfAssembler out = new BpfAssembler();
    Label yes = new Label();
    Label no = new Label();
    new HeaderDecoder(out, linkType == LinkType.ETHERNET, yes)
        .write(snapLengthBytes, predicate.needsTransport());
    predicate.write(out, yes, no);
    out.place(no);
    out.add(Bpf.RET_K, 0);
    out.place(yes);
    out.append(rest);
    return out.assemble();
  }

  @Override
  public boolean kernelDecides(CaptureInterface device) {
    int linkType = device.linkType();
    return inKernel
        && !device.isCooked()
        && (linkType == LinkType.ETHERNET || linkType == LinkType.RAW_IP)
        && user.kernelDecides(device);
  }

  @Override
  public FrameFilter forFiles() {
    return user.forFiles();
  }

  @Override
  public FramePredicate inReader() {
    return new InReader(predicate, parsed);
  }

  @Override
  public String toString() {
    return user + " and " + predicate;
  }

  /** Where no kernel runs the program. */
  private record InReader(Predicate predicate, ParsedHeaders parsed) implements FramePredicate {
    private static final long serialVersionUID = 1;

    @Override
    public boolean keeps(Frame frame) {
      return predicate.test(frame, parsed.first(frame));
    }
  }
}
