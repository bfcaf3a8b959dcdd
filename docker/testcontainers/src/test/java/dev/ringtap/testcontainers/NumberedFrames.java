package dev.ringtap.testcontainers;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Datagrams with numbers, sent by an application to where nobody listens. */
public final class NumberedFrames {
  /** What they are and nothing else is, as an expression. */
  public static final String FILTER = "udp dst port 9";

  /** Where they go. */
  public static final int PORT = 9;

  private NumberedFrames() {}

  /** Sends the numbers from the first to the last, one frame each. */
  public static void send(TestApp app, int first, int last)
      throws IOException, InterruptedException {
    // a socket for each: after the answer that nobody listens, a socket's next send fails instead
    app.shell(
        "for i in {%d..%d}; do echo $i > /dev/udp/%s/%d; done"
            .formatted(first, last, app.gateway(), PORT));
  }

  /** The numbers among packets, in the order of these. */
  public static List<Integer> in(List<CapturedPacket> packets) {
    return packets.stream()
        .filter(packet -> packet.dstPort() == PORT)
        .map(packet -> Integer.valueOf(packet.text().strip()))
        .collect(Collectors.toList());
  }

  /** All numbers from 1 on. */
  public static List<Integer> upTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().collect(Collectors.toList());
  }
}
