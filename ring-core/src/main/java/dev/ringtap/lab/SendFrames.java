package dev.ringtap.lab;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;

/** Sends layer-2 frames from a command line, in a container for example. Needs CAP_NET_RAW. */
public final class SendFrames {
  private SendFrames() {}

  /** Takes the interface, then each frame in hex. */
  public static void main(String[] arguments) throws IOException {
    try (FrameSender sender = FrameSender.open(arguments[0])) {
      for (String frame : Arrays.copyOfRange(arguments, 1, arguments.length)) {
        sender.send(HexFormat.of().parseHex(frame));
      }
    }
  }
}
