package dev.ringtap.flow;

/**
 * What Wireshark says about the segments of a TCP connection, by the rules of its {@code
 * tcp_analyze_sequence_number} (epan/dissectors/packet-tcp.c, Wireshark 4.0, and "TCP Analysis" in
 * its user's guide) in their order:
 *
 * <ol>
 *   <li>a zero window probe is one byte at the next sequence number while the receiver's window is
 *       0;
 *   <li>a zero window is a window of 0 without SYN, FIN or RST;
 *   <li>a keep-alive has at most one byte, one before the next sequence number, and is no
 *       retransmission;
 *   <li>duplicate ACKs are counted for the next rules;
 *   <li>a retransmission carries data, SYN or FIN and does not advance the sequence number. It is
 *       spurious if it was acknowledged, and fast if it comes within 20 ms of the second or a later
 *       duplicate ACK for it: both count as retransmissions;
 *   <li>it is out of order instead if it comes within the initial round-trip time (3 ms if that is
 *       unknown) of the highest sequence number and does not end there.
 * </ol>
 *
 * <p>Left out are Multipath TCP's exception for duplicate ACKs, and reassembled fragments. State is
 * {@value #WORDS} longs from an offset on.
 */
final class TcpAnalysis {
  static final int WORDS = 20;

  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int ACK = 16;

  // of the connection
  private static final int SYN_TIME = 0;
  private static final int SYN_ACK_TIME = 1;
  private static final int SERVER_HANDSHAKE = 2;
  private static final int CLIENT_HANDSHAKE = 3;
  private static final int INITIAL_RTT = 4;
  private static final int COMPLETENESS = 5;

  // of a direction, one after the other
  private static final int DIRECTION = 6;
  private static final int DIRECTION_WORDS = 7;

  /** Next sequence number, then last acknowledgment number. */
  private static final int NEXT_AND_ACK = 0;

  /** Greatest sequence number without a hole before it, then the first one. */
  private static final int CONTIGUOUS_AND_BASE = 1;

  /** Duplicate ACKs, then window + 1 or 0 if unknown, then the bits below. */
  private static final int DUPLICATES_WINDOW_BITS = 2;

  private static final int NEXT_TIME = 3;
  private static final int ACK_TIME = 4;

  /** Retransmissions, then segments out of order. */
  private static final int REPEATED_AND_LATE = 5;

  private static final int ZERO_WINDOWS = 6;

  private static final int WINDOW_SHIFT = 8;
  private static final int WINDOW_MASK = 0x1FFFF;

  // bits of a direction; the first two are of its last segment
  private static final int KEEP_ALIVE = 1;
  private static final int ZERO_WINDOW_PROBE = 2;
  private static final int HAS_BASE = 4;
  private static final int SENT_FIN = 8;
  private static final int SENT_RST = 16;

  /** In {@link #COMPLETENESS}: a part of the flow was exported, so that no frame is its first. */
  private static final int CONTINUED = 64;

  private static final long FAST_NANOS = 20_000_000;
  private static final long DEFAULT_LATE_NANOS = 3_000_000;

  private TcpAnalysis() {}

  private static boolean isAfter(int sequence, int other) {
    return sequence - other > 0;
  }

  static boolean isSynAck(int flags) {
    return flags >= 0 && (flags & (SYN | ACK)) == (SYN | ACK);
  }

  /**
   * Whether the segment opens another connection between the same ports: a SYN whose sequence
   * number is not the one that the connection began with.
   */
  static boolean isReuse(long[] words, int tcp, FlowFrame frame, int direction) {
    if (frame.tcpFlags < 0 || (frame.tcpFlags & (SYN | ACK)) != SYN) {
      return false;
    }
    int way = tcp + DIRECTION + direction * DIRECTION_WORDS;
    return (words[way + DUPLICATES_WINDOW_BITS] & HAS_BASE) != 0
        && (int) words[way + CONTIGUOUS_AND_BASE] != frame.sequence;
  }

  /** Whether both sides have sent FIN, or one RST. */
  static boolean isEnded(long[] words, int tcp) {
    long forward = words[tcp + DIRECTION + DUPLICATES_WINDOW_BITS];
    long reverse = words[tcp + DIRECTION + DIRECTION_WORDS + DUPLICATES_WINDOW_BITS];
    return ((forward | reverse) & SENT_RST) != 0 || (forward & reverse & SENT_FIN) != 0;
  }

  /** Counts anew. */
  static void restart(long[] words, int tcp) {
    words[tcp + COMPLETENESS] |= CONTINUED;
    for (int direction = 0; direction < 2; direction++) {
      int way = tcp + DIRECTION + direction * DIRECTION_WORDS;
      words[way + REPEATED_AND_LATE] = 0;
      words[way + ZERO_WINDOWS] = 0;
    }
  }

  /**
   * Takes a segment.
   *
   * @param first whether it is the first frame of the flow
   */
  static void add(long[] words, int tcp, FlowFrame frame, int direction, boolean first) {
    int flags = frame.tcpFlags;
    int way = tcp + DIRECTION + direction * DIRECTION_WORDS;
    int back = tcp + DIRECTION + (1 - direction) * DIRECTION_WORDS;
    if ((flags & (FIN | RST)) != 0) {
      words[way + DUPLICATES_WINDOW_BITS] |=
          ((flags & FIN) != 0 ? SENT_FIN : 0) | ((flags & RST) != 0 ? SENT_RST : 0);
    }
    if (frame.payloadOctets >= 0 && !frame.isFragment()) {
      begin(words, way, back, frame);
      analyze(words, tcp, way, back, frame);
    }
    handshake(words, tcp, frame, first && (words[tcp + COMPLETENESS] & CONTINUED) == 0);
  }

  /** Where the sequence numbers of both directions begin. */
  private static void begin(long[] words, int way, int back, FlowFrame frame) {
    int flags = frame.tcpFlags;
    boolean hasBase = (words[way + DUPLICATES_WINDOW_BITS] & HAS_BASE) != 0;
    if (hasBase && (flags & SYN) != 0) {
      if ((flags & ACK) != 0) {
        setBase(words, way, frame.sequence);
      } else {
        // the same SYN again: an RST between them may have set the next number
        int contiguous = (int) (words[way + CONTIGUOUS_AND_BASE] >>> 32);
        words[way + NEXT_AND_ACK] = (long) contiguous << 32 | low(words[way + NEXT_AND_ACK]);
      }
    }
    if (!hasBase) {
      setBase(words, way, (flags & SYN) != 0 ? frame.sequence : frame.sequence - 1);
    }
    if ((flags & ACK) != 0 && (words[back + DUPLICATES_WINDOW_BITS] & HAS_BASE) == 0) {
      setBase(words, back, frame.acknowledgment - 1);
    }
  }

  private static void setBase(long[] words, int way, int base) {
    words[way + CONTIGUOUS_AND_BASE] =
        words[way + CONTIGUOUS_AND_BASE] & 0xFFFFFFFF_00000000L | low(base);
    words[way + DUPLICATES_WINDOW_BITS] |= HAS_BASE;
  }

  private static long low(long value) {
    return value & 0xFFFF_FFFFL;
  }

  private static void analyze(long[] words, int tcp, int way, int back, FlowFrame frame) {
    int flags = frame.tcpFlags;
    int length = frame.payloadOctets;
    int sequence = frame.sequence;
    int ack = frame.acknowledgment;
    long nanos = frame.timestampNanos;
    boolean opensOrEnds = (flags & (SYN | FIN)) != 0;
    boolean plain = (flags & (SYN | FIN | RST)) == 0;

    long nextAndAck = words[way + NEXT_AND_ACK];
    int next = (int) (nextAndAck >>> 32);
    int lastAck = (int) nextAndAck;
    long state = words[way + DUPLICATES_WINDOW_BITS];
    int duplicates = (int) (state >> 32);
    int lastWindow = ((int) state >>> WINDOW_SHIFT & WINDOW_MASK) - 1;
    long backState = words[back + DUPLICATES_WINDOW_BITS];
    int backWindow = ((int) backState >>> WINDOW_SHIFT & WINDOW_MASK) - 1;

    int seen = 0;
    if (length == 1 && sequence == next && backWindow == 0) {
      seen = ZERO_WINDOW_PROBE;
    } else {
      if (frame.window == 0 && plain) {
        words[way + ZERO_WINDOWS]++;
      }
      if (length <= 1 && sequence == next - 1 && plain) {
        seen = KEEP_ALIVE;
      }
      boolean repeats =
          length == 0 && frame.window == lastWindow && sequence == next && ack == lastAck && plain;
      if (repeats && frame.window != 0 && (backState & KEEP_ALIVE) == 0) {
        duplicates = duplicates == -1 ? 1 : duplicates + 1;
      }
    }
    if (ack != lastAck) {
      duplicates = 0;
    }
    if ((flags & ACK) != 0) {
      acknowledge(words, back, ack);
    }
    if ((length > 0 || opensOrEnds) && (seen & KEEP_ALIVE) == 0) {
      count(words, tcp, way, back, frame, next);
    }

    int after = sequence + length + (opensOrEnds ? 1 : 0);
    if ((next == 0 || isAfter(after, next)) && seen != ZERO_WINDOW_PROBE) {
      next = after;
      words[way + NEXT_TIME] = nanos;
    }
    long contiguousAndBase = words[way + CONTIGUOUS_AND_BASE];
    int contiguous = (int) (contiguousAndBase >>> 32);
    if ((contiguous == 0 || sequence == contiguous) && seen != ZERO_WINDOW_PROBE) {
      words[way + CONTIGUOUS_AND_BASE] = (long) next << 32 | low(contiguousAndBase);
    }
    words[way + NEXT_AND_ACK] = (long) next << 32 | low(ack);
    words[way + ACK_TIME] = nanos;
    words[way + DUPLICATES_WINDOW_BITS] =
        (long) duplicates << 32
            | (long) (frame.window + 1) << WINDOW_SHIFT
            | state & (HAS_BASE | SENT_FIN | SENT_RST)
            | seen;
  }

  /**
   * After an ACK of what was not captured, the count of duplicates is -1, which Wireshark takes for
   * many: its number is unsigned.
   */
  private static void acknowledge(long[] words, int back, int ack) {
    long contiguousAndBase = words[back + CONTIGUOUS_AND_BASE];
    int contiguous = (int) (contiguousAndBase >>> 32);
    if (contiguous == 0 || !isAfter(ack, contiguous)) {
      return;
    }
    int next = (int) (words[back + NEXT_AND_ACK] >>> 32);
    if (isAfter(next, contiguous)) {
      words[back + CONTIGUOUS_AND_BASE] = (long) next << 32 | low(contiguousAndBase);
    } else {
      words[back + DUPLICATES_WINDOW_BITS] |= 0xFFFFFFFF_00000000L;
    }
  }

  private static void count(long[] words, int tcp, int way, int back, FlowFrame frame, int next) {
    int length = frame.payloadOctets;
    int sequence = frame.sequence;
    int backAck = (int) words[back + NEXT_AND_ACK];
    if (length > 0 && backAck != 0 && !isAfter(sequence + length, backAck)) {
      words[way + REPEATED_AND_LATE] += 1L << 32;
      return;
    }
    boolean advances = next == 0 || !isAfter(next, sequence) || length > 1 && next - 1 == sequence;
    if (advances) {
      return;
    }
    long nanos = frame.timestampNanos;
    int duplicates = (int) (words[back + DUPLICATES_WINDOW_BITS] >> 32);
    boolean fast =
        Integer.compareUnsigned(duplicates, 2) >= 0
            && backAck == sequence
            && Long.compareUnsigned(nanos - words[back + ACK_TIME], FAST_NANOS) < 0;
    long rtt = words[tcp + INITIAL_RTT];
    int end = sequence + length + ((frame.tcpFlags & (SYN | FIN)) != 0 ? 1 : 0);
    boolean late =
        Long.compareUnsigned(nanos - words[way + NEXT_TIME], rtt == 0 ? DEFAULT_LATE_NANOS : rtt)
                < 0
            && next != end;
    words[way + REPEATED_AND_LATE] += fast || !late ? 1L << 32 : 1;
  }

  /** Times of the handshake, and which of its steps were seen. */
  private static void handshake(long[] words, int tcp, FlowFrame frame, boolean first) {
    int flags = frame.tcpFlags;
    long nanos = frame.timestampNanos;
    boolean hasData = frame.payloadOctets > 0;
    int steps = 0;
    switch (flags & (SYN | ACK)) {
      case SYN -> {
        words[tcp + SYN_TIME] = nanos;
        steps = first ? 1 | (hasData ? 8 : 0) : 0;
      }
      case SYN | ACK -> {
        if (words[tcp + SYN_ACK_TIME] == 0) {
          words[tcp + SYN_ACK_TIME] = nanos;
          words[tcp + SERVER_HANDSHAKE] = since(words[tcp + SYN_TIME], nanos);
        }
        steps = first ? 0 : 2;
      }
      case ACK -> {
        steps = first ? 0 : hasData ? 8 : 4;
        if (words[tcp + SYN_TIME] != 0 && words[tcp + INITIAL_RTT] == 0) {
          words[tcp + INITIAL_RTT] = nanos - words[tcp + SYN_TIME];
          words[tcp + CLIENT_HANDSHAKE] = since(words[tcp + SYN_ACK_TIME], nanos);
        }
      }
      default -> {}
    }
    if (!first) {
      steps |= (flags & (FIN | ACK)) == (FIN | ACK) ? 16 : 0;
      steps |= (flags & RST) != 0 ? 32 : 0;
    }
    words[tcp + COMPLETENESS] |= steps;
  }

  /** Nanoseconds + 1, or 0 if unknown. */
  private static long since(long from, long to) {
    return from == 0 ? 0 : to - from + 1;
  }

  /**
   * Wireshark's tcp.completeness: 1 SYN, 2 SYN/ACK, 4 ACK, 8 data, 16 FIN, 32 RST. Of a flow's
   * first frame only a SYN counts.
   */
  static int completeness(long[] words, int tcp) {
    return (int) words[tcp + COMPLETENESS] & CONTINUED - 1;
  }

  static int retransmissions(long[] words, int tcp, int direction) {
    return (int) (words[tcp + DIRECTION + direction * DIRECTION_WORDS + REPEATED_AND_LATE] >>> 32);
  }

  static int outOfOrder(long[] words, int tcp, int direction) {
    return (int) words[tcp + DIRECTION + direction * DIRECTION_WORDS + REPEATED_AND_LATE];
  }

  static int zeroWindows(long[] words, int tcp, int direction) {
    return (int) words[tcp + DIRECTION + direction * DIRECTION_WORDS + ZERO_WINDOWS];
  }

  static long serverHandshakeNanos(long[] words, int tcp) {
    return words[tcp + SERVER_HANDSHAKE] - 1;
  }

  static long clientHandshakeNanos(long[] words, int tcp) {
    return words[tcp + CLIENT_HANDSHAKE] - 1;
  }

  static long initialRttNanos(long[] words, int tcp) {
    return words[tcp + INITIAL_RTT] == 0 ? -1 : words[tcp + INITIAL_RTT];
  }
}
