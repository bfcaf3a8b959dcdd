package dev.ringtap.file;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The only class that names the optional library: the JVM's verifier looks for it as soon as this
 * is loaded, and files that Zstandard has not packed are to be read without it.
 */
final class ZstdInput {
  private ZstdInput() {}

  static InputStream open(InputStream packed) throws IOException {
    return new ZstdInputStream(packed);
  }
}
