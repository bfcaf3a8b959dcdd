package dev.ringtap.file;

import com.github.luben.zstd.ZstdOutputStream;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.testkit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPOutputStream;

/**
 * A small compressed file that is large once decompressed: reading it takes no memory that grows
 * with it. {@code .ci/fuzz} gives this target a small heap, a test run 64 MiB.
 *
 * <p>An input is a byte for the form, then pieces: how often (16 bits), how many bytes (8 bits),
 * and these.
 */
public final class CompressedFileFuzzTest extends FuzzTest {
  private static final int MOST_BYTES = 24 << 20;
  private static final int IS_ZSTANDARD = 1;

  /** Each piece is a gzip member or a Zstandard frame of its own. */
  private static final int IS_SPLIT = 2;

  public CompressedFileFuzzTest() {
    super(CompressedFileFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    try {
      byte[] compressed = compressed(ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN));
      try (CaptureFile file = CaptureFile.open(new Compressed(compressed), "test.pcap")) {
        drain(file);
      }
    } catch (CaptureFileException e) {
      // a fault that names its byte
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void drain(CaptureFile file) throws IOException {
    long frames = 0;
    while (!file.isEnded()) {
      try (Block block = file.poll(1000)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          if (f.sequence() != frames++) {
            throw new AssertionError("sequence " + f.sequence() + " at " + frames);
          }
        }
      }
    }
  }

  private static byte[] compressed(ByteBuffer input) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    int form = input.hasRemaining() ? input.get() : 0;
    OutputStream out = begin(form, all);
    for (int count = 0; input.remaining() >= 3 && count < MOST_BYTES; ) {
      int times = Short.toUnsignedInt(input.getShort());
      byte[] piece = new byte[Math.min(Byte.toUnsignedInt(input.get()), input.remaining())];
      input.get(piece);
      for (int i = 0; i < times && count < MOST_BYTES; i++, count += piece.length) {
        out.write(piece);
      }
      if ((form & IS_SPLIT) != 0) {
        out.close();
        out = begin(form, all);
      }
    }
    out.close();
    return all.toByteArray();
  }

  private static OutputStream begin(int form, OutputStream all) throws IOException {
    return (form & IS_ZSTANDARD) != 0 ? new ZstdOutputStream(all) : new GZIPOutputStream(all, 4096);
  }

  /** Compressed bytes in memory, none of which is given twice. */
  private static final class Compressed extends ByteInput {
    private final InputStream packed;
    private InputStream in;

    Compressed(byte[] bytes) {
      super(null);
      packed = new ByteArrayInputStream(bytes);
    }

    @Override
    int read(byte[] target, int offset, int length, long deadlineNanos) throws IOException {
      if (in == null) {
        in = unpacked(packed);
      }
      return in.read(target, offset, length);
    }

    @Override
    boolean isPacked() {
      return true;
    }

    @Override
    void end() {}
  }
}
