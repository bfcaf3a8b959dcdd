package dev.ringtap.example;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import java.io.IOException;

/** The library page's example. */
public final class CountFrames {
  private CountFrames() {}

  /** Counts frames and their bytes until the interface goes away. */
  public static void main(String[] arguments) throws IOException {
    long frames = 0;
    long bytes = 0;
    try (PacketCapture capture = PacketCapture.open(CaptureConfig.on(arguments[0]).build())) {
      while (!capture.isEnded()) {
        try (Block block = capture.poll(1000)) {
          Frame f;
          while (block != null && (f = block.next()) != null) {
            frames++;
            bytes += f.originalLength();
          }
        }
        System.out.println(frames + " frames, " + bytes + " bytes, " + capture.statistics());
      }
    }
  }
}
