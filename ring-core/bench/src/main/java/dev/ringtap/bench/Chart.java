package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Path;

/** A drawing. */
public interface Chart {
  /** What it shows, with the unit. */
  String title();

  /** Draws it as SVG. */
  void write(Path file) throws IOException;
}
