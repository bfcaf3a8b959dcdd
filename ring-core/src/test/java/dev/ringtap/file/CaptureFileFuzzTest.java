package dev.ringtap.file;

import dev.ringtap.testkit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A file of any bytes, packed or not: its frames come out, and it ends or has one fault that tells
 * its place. What comes out is no more than went in.
 */
public final class CaptureFileFuzzTest extends FuzzTest {
  /** Of a file that unpacks to more, the rest is not read: that would only take time. */
  private static final int MOST_UNPACKED_BYTES = 1 << 20;

  public CaptureFileFuzzTest() {
    super(CaptureFileFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    Unpacked unpacked = new Unpacked(input);
    Seen.Run run;
    try (CaptureFile file = CaptureFile.open(unpacked, "test.pcap")) {
      run = Seen.drain(file);
    } catch (CaptureFileException e) {
      run = new Seen.Run(List.of(), e);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    if (run.fault() != null) {
      if (!(run.fault() instanceof CaptureFileException)) {
        throw new AssertionError(run.fault());
      }
      long offset = ((CaptureFileException) run.fault()).offsetBytes();
      if (offset < 0 || offset > unpacked.count) {
        throw new AssertionError("fault at " + offset + " of " + unpacked.count);
      }
    }
    long payloads = run.frames().stream().mapToLong(frame -> frame.payload().length() / 2).sum();
    if (payloads + 12L * run.frames().size() > unpacked.count) {
      throw new AssertionError(run.frames().size() + " frames of " + unpacked.count + " bytes");
    }
  }

  private static final class Unpacked extends ByteInput {
    private final byte[] packed;
    private InputStream in;
    private int count;

    Unpacked(byte[] packed) {
      super(null);
      this.packed = packed;
    }

    @Override
    int read(byte[] target, int offset, int length, long deadlineNanos) throws IOException {
      if (in == null) {
        in = unpacked(new ByteArrayInputStream(packed));
      }
      int read = in.read(target, offset, Math.min(length, MOST_UNPACKED_BYTES - count));
      count += Math.max(read, 0);
      return read == 0 ? -1 : read;
    }

    @Override
    void end() {}
  }
}
