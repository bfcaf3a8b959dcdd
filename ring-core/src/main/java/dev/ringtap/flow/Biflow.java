package dev.ringtap.flow;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.packet.IpProtocol;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A conversation in both directions (RFC 5103), accumulated from its frames: the forward direction
 * is that of the first frame, or of the client if that frame is a SYN/ACK.
 *
 * <p>A view of {@link #WORDS} longs, which are the whole state: a table has many of them in one
 * array. It has no clock: time is the frames'. Octets are those of the IP packets, as IPFIX counts
 * them, and of the frames. Not thread-safe.
 */
public final class Biflow {
  /** Longs of a flow. */
  public static final int WORDS = 44;

  // the key, as of the forward direction
  static final int SRC_UPPER = 0;
  static final int SRC_LOWER = 1;
  static final int DST_UPPER = 2;
  static final int DST_LOWER = 3;

  /** {@link FlowFrame#selectors}, then {@link FlowFrame#vlans}. */
  static final int SELECTORS_AND_VLANS = 4;

  /** Number of the capture, then {@link FlowFrame#kind}. */
  static final int CAPTURE_AND_KIND = 5;

  static final int START = 6;
  static final int END = 7;

  // of a direction, one after the other
  private static final int DIRECTION = 8;
  private static final int DIRECTION_WORDS = 5;
  private static final int PACKETS = 0;
  private static final int OCTETS = 1;
  private static final int FRAME_OCTETS = 2;

  /** Smallest and largest TTL, union of TCP's flags: a byte each. */
  private static final int TTL_AND_FLAGS = 3;

  /** Time of the first payload, or 0. */
  private static final int PAYLOAD = 4;

  private static final int LOSS_AT_START = 18;
  private static final int LOSS_AT_END = 19;
  private static final int FLOW_KEY = 20;

  /** The digest; the last word's lower half tells whether there is one. */
  private static final int COMMUNITY_ID = 21;

  /** {@link TcpAnalysis}. */
  static final int TCP = 24;

  private static final VarHandle BYTES =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private long[] words;
  private int at;
  private CaptureId capture;
  private FlowEndReason endReason;
  private long lost;

  /** A view of no flow. */
  @SuppressWarnings("NullAway.Init") // who reads it has called show and ended
  Biflow() {}

  Biflow show(long[] table, int index) {
    words = table;
    at = index;
    return this;
  }

  /** Completes what is exported. */
  Biflow ended(FlowEndReason reason, CaptureId ofCapture, long lostNow) {
    endReason = reason;
    capture = ofCapture;
    lost = lostNow;
    return this;
  }

  // ---- accumulating

  /**
   * The direction of a frame in a flow.
   *
   * @return 0 forward, 1 reverse, -1 if it is of another flow
   */
  static int direction(long[] words, int at, FlowFrame frame, long captureAndKind) {
    if (words[at + CAPTURE_AND_KIND] != captureAndKind) {
      return -1;
    }
    long selectors = words[at + SELECTORS_AND_VLANS];
    if (words[at + SRC_LOWER] == frame.srcLower
        && words[at + DST_LOWER] == frame.dstLower
        && words[at + SRC_UPPER] == frame.srcUpper
        && words[at + DST_UPPER] == frame.dstUpper
        && selectors == ((long) frame.selectors << 32 | frame.vlans)) {
      return 0;
    }
    boolean reverse =
        (frame.kind & FlowFrame.IS_ONE_WAY) == 0
            && words[at + SRC_LOWER] == frame.dstLower
            && words[at + DST_LOWER] == frame.srcLower
            && words[at + SRC_UPPER] == frame.dstUpper
            && words[at + DST_UPPER] == frame.srcUpper
            && selectors == ((long) swapped(frame.selectors) << 32 | frame.vlans);
    return reverse ? 1 : -1;
  }

  static int swapped(int selectors) {
    return Integer.rotateLeft(selectors, 16);
  }

  /**
   * Opens a flow by its first frame, which {@link #add} then counts.
   *
   * @param lost frames that the kernel dropped in the capture so far
   * @param id has room for a digest
   */
  static int open(
      long[] words, int at, FlowFrame frame, long captureAndKind, long lost, byte[] id) {
    Arrays.fill(words, at, at + WORDS, 0);
    int direction = TcpAnalysis.isSynAck(frame.tcpFlags) ? 1 : 0;
    boolean forward = direction == 0;
    words[at + SRC_UPPER] = forward ? frame.srcUpper : frame.dstUpper;
    words[at + SRC_LOWER] = forward ? frame.srcLower : frame.dstLower;
    words[at + DST_UPPER] = forward ? frame.dstUpper : frame.srcUpper;
    words[at + DST_LOWER] = forward ? frame.dstLower : frame.srcLower;
    int selectors = forward ? frame.selectors : swapped(frame.selectors);
    words[at + SELECTORS_AND_VLANS] = (long) selectors << 32 | frame.vlans;
    words[at + CAPTURE_AND_KIND] = captureAndKind;
    words[at + FLOW_KEY] = frame.flowKey();
    if (frame.communityId(id)) {
      putDigest(words, at + COMMUNITY_ID, id);
    }
    start(words, at, frame.timestampNanos, lost);
    return direction;
  }

  private static void putDigest(long[] words, int at, byte[] id) {
    words[at] = (long) BYTES.get(id, 0);
    words[at + 1] = (long) BYTES.get(id, 8);
    words[at + 2] = (long) BYTES.get(id, 12) << 32 | 1;
  }

  private static void start(long[] words, int at, long nanos, long lost) {
    words[at + START] = nanos;
    words[at + END] = nanos;
    words[at + LOSS_AT_START] = lost;
    words[at + LOSS_AT_END] = lost;
    words[at + DIRECTION + TTL_AND_FLAGS] = 0xFF;
    words[at + DIRECTION + DIRECTION_WORDS + TTL_AND_FLAGS] = 0xFF;
  }

  /** Starts to count anew, the TCP connection as it is: the last part was exported. */
  static void restart(long[] words, int at, long nanos, long lost) {
    Arrays.fill(words, at + DIRECTION, at + DIRECTION + 2 * DIRECTION_WORDS, 0);
    TcpAnalysis.restart(words, at + TCP);
    start(words, at, nanos, lost);
  }

  /** Counts a frame. */
  static void add(long[] words, int at, FlowFrame frame, int direction, long lost) {
    long nanos = frame.timestampNanos;
    words[at + START] = Math.min(words[at + START], nanos);
    words[at + END] = Math.max(words[at + END], nanos);
    words[at + LOSS_AT_END] = lost;
    int way = at + DIRECTION + direction * DIRECTION_WORDS;
    boolean first = frames(words, at) == 0;
    words[way + PACKETS]++;
    words[way + OCTETS] += frame.ipOctets;
    words[way + FRAME_OCTETS] += frame.frameOctets;
    long seen = words[way + TTL_AND_FLAGS];
    long least = Math.min(seen & 0xFF, frame.ttl);
    long most = Math.max(seen >>> 8 & 0xFF, frame.ttl);
    words[way + TTL_AND_FLAGS] =
        seen & ~0xFFFFL
            | most << 8
            | least
            | (frame.tcpFlags < 0 ? 0 : (long) frame.tcpFlags << 16);
    if (frame.payloadOctets > 0 && words[way + PAYLOAD] == 0) {
      words[way + PAYLOAD] = nanos;
    }
    if (frame.tcpFlags >= 0) {
      TcpAnalysis.add(words, at + TCP, frame, direction, first);
    }
  }

  /** Whether it is a TCP connection whose end was seen. */
  static boolean isEnded(long[] words, int at) {
    boolean isTcp = ((int) words[at + CAPTURE_AND_KIND] >>> 16 & 0xFF) == IpProtocol.TCP;
    return isTcp && TcpAnalysis.isEnded(words, at + TCP);
  }

  /** Frames of a flow; 0 if it has had none since its last part was exported. */
  static long frames(long[] words, int at) {
    return words[at + DIRECTION + PACKETS] + words[at + DIRECTION + DIRECTION_WORDS + PACKETS];
  }

  // ---- what is exported

  /** The capture that the frames are of. */
  public CaptureId capture() {
    return capture;
  }

  /** Why the flow ended. */
  public FlowEndReason endReason() {
    return endReason;
  }

  /** Time of the first frame, in nanoseconds since 1970 UTC. */
  public long startNanos() {
    return words[at + START];
  }

  /** Time of the last frame, in nanoseconds since 1970 UTC. */
  public long endNanos() {
    return words[at + END];
  }

  /** 4 or 6. */
  public int ipVersion() {
    return kind() >>> 24 & 0xF;
  }

  /** IP protocol number. */
  public int protocol() {
    return kind() >>> 16 & 0xFF;
  }

  private int kind() {
    return (int) words[at + CAPTURE_AND_KIND];
  }

  /** Upper 64 bits of the IPv6 source address; 0 with IPv4. */
  public long srcUpper() {
    return words[at + SRC_UPPER];
  }

  /** Lower 64 bits of the IPv6 source address, or the 32 bits of IPv4's. */
  public long srcLower() {
    return words[at + SRC_LOWER];
  }

  /** Upper 64 bits of the IPv6 destination address; 0 with IPv4. */
  public long dstUpper() {
    return words[at + DST_UPPER];
  }

  /** Lower 64 bits of the IPv6 destination address, or the 32 bits of IPv4's. */
  public long dstLower() {
    return words[at + DST_LOWER];
  }

  /** Source port; -1 if there are no ports, or none was captured. */
  public int srcPort() {
    return hasPorts() ? selectors() >>> 16 : -1;
  }

  /** Destination port; -1 if there are no ports, or none was captured. */
  public int dstPort() {
    return hasPorts() ? selectors() & 0xFFFF : -1;
  }

  private boolean hasPorts() {
    return (kind() & FlowFrame.HAS_PORTS) != 0;
  }

  private int selectors() {
    return (int) (words[at + SELECTORS_AND_VLANS] >>> 32);
  }

  /** ICMP type × 256 + code of the forward direction; -1 with other protocols. */
  public int icmpTypeCode() {
    if ((kind() & FlowFrame.IS_ICMP) == 0) {
      return -1;
    }
    int code = (kind() & FlowFrame.IS_ONE_WAY) == 0 ? 0 : selectors() & 0xFF;
    return selectors() >>> 16 << 8 | code;
  }

  /** Outermost VLAN ID; 0 for none. */
  public int vlanId() {
    return (int) words[at + SELECTORS_AND_VLANS] >>> 12;
  }

  /** VLAN ID of the next tag; 0 for none. */
  public int innerVlanId() {
    return (int) words[at + SELECTORS_AND_VLANS] & 0xFFF;
  }

  /** {@link dev.ringtap.packet.FlowKey} of the flow's first frame. */
  public long flowKey() {
    return words[at + FLOW_KEY];
  }

  /**
   * The Community ID's digest; see {@link dev.ringtap.packet.CommunityId}.
   *
   * @param to has room for it
   * @return whether there is one
   */
  public boolean communityId(byte[] to) {
    BYTES.set(to, 0, words[at + COMMUNITY_ID]);
    BYTES.set(to, 12, (words[at + COMMUNITY_ID + 1] << 32) | words[at + COMMUNITY_ID + 2] >>> 32);
    BYTES.set(to, 8, words[at + COMMUNITY_ID + 1]);
    return (words[at + COMMUNITY_ID + 2] & 1) != 0;
  }

  /** Frames of both directions. */
  public long packets() {
    return frames(words, at);
  }

  /** Frames of one direction: 0 forward, 1 reverse; so everywhere below. */
  public long packets(int direction) {
    return words[way(direction) + PACKETS];
  }

  /** Octets of the IP packets. */
  public long octets(int direction) {
    return words[way(direction) + OCTETS];
  }

  /** Octets of the frames on the wire. */
  public long frameOctets(int direction) {
    return words[way(direction) + FRAME_OCTETS];
  }

  /** Smallest TTL or hop limit; -1 if the direction has no frame. */
  public int minTtl(int direction) {
    return packets(direction) == 0 ? -1 : (int) words[way(direction) + TTL_AND_FLAGS] & 0xFF;
  }

  /** Largest TTL or hop limit; -1 if the direction has no frame. */
  public int maxTtl(int direction) {
    return packets(direction) == 0 ? -1 : (int) words[way(direction) + TTL_AND_FLAGS] >>> 8 & 0xFF;
  }

  /** Time of the first frame with a TCP or UDP payload; 0 if there was none. */
  public long firstPayloadNanos(int direction) {
    return words[way(direction) + PAYLOAD];
  }

  private int way(int direction) {
    return at + DIRECTION + direction * DIRECTION_WORDS;
  }

  /** Frames that the kernel dropped in the capture while the flow was open. */
  public long captureLoss() {
    return lost - words[at + LOSS_AT_START];
  }

  /**
   * Those of them that were dropped between the flow's first and last frame: the counts above may
   * miss some of its frames. Otherwise they are exact.
   */
  public long captureLossWithin() {
    return words[at + LOSS_AT_END] - words[at + LOSS_AT_START];
  }

  /** Whether it is a TCP connection of which a TCP header was captured. */
  public boolean isTcp() {
    return protocol() == IpProtocol.TCP && (tcpFlags(0) | tcpFlags(1) | tcpCompleteness()) != 0;
  }

  /** Union of TCP's flags. */
  public int tcpFlags(int direction) {
    return (int) (words[way(direction) + TTL_AND_FLAGS] >>> 16) & 0xFF;
  }

  /** See {@link TcpAnalysis#completeness}. */
  public int tcpCompleteness() {
    return TcpAnalysis.completeness(words, at + TCP);
  }

  /** Segments that repeat what was sent already. */
  public int retransmissions(int direction) {
    return TcpAnalysis.retransmissions(words, at + TCP, direction);
  }

  /** Segments that come after later ones. */
  public int outOfOrder(int direction) {
    return TcpAnalysis.outOfOrder(words, at + TCP, direction);
  }

  /** Segments that tell of a receiver without room. */
  public int zeroWindows(int direction) {
    return TcpAnalysis.zeroWindows(words, at + TCP, direction);
  }

  /** Nanoseconds from SYN to SYN/ACK, the way to the server and back; -1 if unknown. */
  public long serverHandshakeNanos() {
    return TcpAnalysis.serverHandshakeNanos(words, at + TCP);
  }

  /** Nanoseconds from SYN/ACK to the first ACK, the way to the client and back; -1 if unknown. */
  public long clientHandshakeNanos() {
    return TcpAnalysis.clientHandshakeNanos(words, at + TCP);
  }

  /** Nanoseconds from the last SYN to the first ACK; -1 if unknown. */
  public long initialRttNanos() {
    return TcpAnalysis.initialRttNanos(words, at + TCP);
  }
}
