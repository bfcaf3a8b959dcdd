package dev.ringtap.filter;

import dev.ringtap.filter.BpfProgram.Instruction;
import dev.ringtap.filter.FilterException.Reason;
import dev.ringtap.linux.Libpcap;
import dev.ringtap.linux.LibpcapException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compiles tcpdump's expressions, those of pcap-filter(7), with the libpcap that is installed.
 *
 * <p>libpcap is optional: it is looked for at the first compilation, and everything else works
 * without it. A host name in an expression is asked of the system's resolver, so a compilation can
 * take seconds.
 *
 * <p>An expression has at most {@value #MOST_BYTES} bytes; one of more than 1,024 is not optimized,
 * which takes libpcap too long, and must fit the kernel's 4,096 instructions so.
 *
 * <p>Thread-safe; no compilation waits for another.
 */
public final class FilterCompiler {
  /** Few longer ones would fit the kernel; libpcap takes minutes for them. */
  static final int MOST_BYTES = 8192;

  private static final int SHOWN_CHARACTERS = 60;

  private static final FilterCompiler SYSTEM = new FilterCompiler(Libpcap.SONAMES);

  private final List<String> sonames;

  private volatile @Nullable Libpcap library;

  FilterCompiler(List<String> sonames) {
    this.sonames = List.copyOf(sonames);
  }

  /** The compiler of the system's libpcap. Loads nothing yet. */
  public static FilterCompiler system() {
    return SYSTEM;
  }

  /**
   * Compiles for a live capture on an interface of the calling thread's network namespace: the
   * program also looks at what the kernel keeps beside the frame, such as a VLAN tag that was taken
   * off and whether the frame came in or went out. It is what tcpdump attaches there.
   *
   * <p>libpcap makes such programs for an open interface only, so this opens a second packet socket
   * for some tens of milliseconds. It needs CAP_NET_RAW, as the capture does.
   *
   * @param expression words of pcap-filter(7); an empty one keeps all frames
   * @param interfaceName its name, or "any" for all of them
   * @param linkType LINKTYPE value of the payloads that the capture delivers
   * @param snapLengthBytes most bytes kept of a frame
   * @throws FilterException if the expression is wrong, libpcap is missing, or the interface cannot
   *     be opened for that link type
   */
  public BpfProgram compileLive(
      String expression, String interfaceName, int linkType, int snapLengthBytes)
      throws FilterException {
    requireLength(expression);
    List<Instruction> program = new ArrayList<>();
    try {
      library()
          .compileLive(expression, interfaceName, dlt(linkType), snapLengthBytes, into(program));
    } catch (LibpcapException e) {
      throw e.isExpressionRefused()
          ? refused(expression, e)
          : new FilterException(
              Reason.INTERFACE,
              "libpcap cannot open %s to compile the filter '%s': %s"
                  .formatted(interfaceName, shown(expression), e.getMessage()),
              e);
    }
    return program(expression, program);
  }

  /**
   * Compiles for frames whose bytes are all that is known, as those of a capture file: VLAN tags
   * are inside the frame. A direction is asked for as {@link Bpf#AD_PKTTYPE}, whatever the file
   * knows of it.
   *
   * @param expression words of pcap-filter(7); an empty one keeps all frames
   * @param linkType LINKTYPE value of the frames
   * @param snapLengthBytes most bytes kept of a frame
   * @throws FilterException if the expression is wrong or libpcap is missing
   */
  public BpfProgram compile(String expression, int linkType, int snapLengthBytes)
      throws FilterException {
    requireLength(expression);
    List<Instruction> program = new ArrayList<>();
    try {
      library().compileDead(expression, dlt(linkType), snapLengthBytes, into(program));
    } catch (LibpcapException e) {
      throw refused(expression, e);
    }
    return program(expression, program);
  }

  /**
   * The library's name and version, as it words them.
   *
   * @throws FilterException if none is installed; the message says how to install it
   */
  public String libraryVersion() throws FilterException {
    return library().version();
  }

  private static void requireLength(String expression) throws FilterException {
    int bytes = bytes(expression);
    if (bytes > MOST_BYTES) {
      throw new FilterException(
          Reason.EXPRESSION,
          ("filter '%s': %s bytes; expected at most %s; join hosts to nets and ports to port"
                  + " ranges")
              .formatted(shown(expression), bytes, MOST_BYTES),
          null);
    }
  }

  private static int bytes(String expression) {
    return expression.getBytes(StandardCharsets.UTF_8).length;
  }

  private static String shown(String expression) {
    return expression.length() <= SHOWN_CHARACTERS
        ? expression
        : expression.substring(0, SHOWN_CHARACTERS) + "...";
  }

  private static Libpcap.Instructions into(List<Instruction> program) {
    return (code, jt, jf, k) -> program.add(new Instruction(code, jt, jf, k));
  }

  private static BpfProgram program(String expression, List<Instruction> instructions)
      throws FilterException {
    try {
      return new BpfProgram(instructions);
    } catch (IllegalArgumentException e) {
      boolean optimized = bytes(expression) < Libpcap.MOST_OPTIMIZED_BYTES;
      throw new FilterException(
          Reason.EXPRESSION,
          "filter '"
              + shown(expression)
              + "': not for the kernel: "
              + e.getMessage()
              + (optimized
                  ? ""
                  : "; longer than "
                      + Libpcap.MOST_OPTIMIZED_BYTES
                      + " bytes it was not optimized: join hosts to nets and ports to port ranges"),
          e);
    }
  }

  private static FilterException refused(String expression, LibpcapException e) {
    return new FilterException(
        Reason.EXPRESSION, "filter '" + shown(expression) + "': " + e.getMessage(), e);
  }

  private Libpcap library() throws FilterException {
    Libpcap loaded = library;
    if (loaded == null) {
      try {
        loaded = Libpcap.load(sonames);
      } catch (LinkageError | IllegalCallerException e) {
        throw new FilterException(
            Reason.NO_LIBRARY,
            ("libpcap, which compiles filter expressions, cannot be used: %s; --bpf FILE with"
                    + " what `tcpdump -ddd` prints needs no library")
                .formatted(e.getMessage()),
            e);
      }
      if (loaded == null) {
        throw new FilterException(
            Reason.NO_LIBRARY,
            ("filter expressions are compiled by libpcap, which is not installed (looked for"
                    + " %s): apt install libpcap0.8, or dnf install libpcap; --bpf FILE with what"
                    + " `tcpdump -ddd` prints needs no library")
                .formatted(String.join(", ", sonames)),
            null);
      }
      library = loaded;
    }
    return loaded;
  }

  /**
   * libpcap's own number on Linux for a LINKTYPE value of files; they differ where systems number
   * differently. Source: {@code <pcap/dlt.h>} and the registry of link types at tcpdump.org.
   */
  private static int dlt(int linkType) {
    return switch (linkType) {
      case 100 ->
          // ATM_RFC1483
          11;
      case 101 ->
          // RAW
          Libpcap.DLT_RAW;
      case 102 ->
          // SLIP_BSDOS
          15;
      case 103 ->
          // PPP_BSDOS
          16;
      case 106 ->
          // ATM_CLIP
          19;
      default -> linkType;
    };
  }
}
