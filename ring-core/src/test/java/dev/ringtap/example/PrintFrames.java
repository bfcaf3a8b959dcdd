package dev.ringtap.example;

import dev.ringtap.capture.PacketCapture;
import java.io.IOException;

/** The library page's first example. */
public final class PrintFrames {
  private PrintFrames() {}

  /** Prints time and length of each HTTPS frame. */
  public static void main(String[] arguments) throws IOException {
    try (PacketCapture capture = PacketCapture.open("eth0", "tcp port 443")) {
      capture.forEach(
          frame -> System.out.println(frame.timestampNanos() + " " + frame.payloadLength()));
    }
  }
}
