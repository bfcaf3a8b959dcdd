package com.example;

import dev.ringtap.capture.PacketCapture;
import java.io.IOException;

public final class Library {
  public static void main(String[] arguments) throws IOException {
    try (PacketCapture capture = PacketCapture.open("lo", "udp port 9")) {
      capture.forEach(
          frame -> {
            System.out.println(frame.timestampNanos() + " " + frame.payloadLength());
            capture.stop();
          });
    }
  }
}
