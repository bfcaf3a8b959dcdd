package dev.ringtap.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A target for hostile bytes. Each subclass has a {@code public static void
 * fuzzerTestOneInput(byte[])}, where {@code .ci/fuzz} lets Jazzer look for inputs that reach new
 * code, and throw what they must not. A test run takes the target's corpus, and for half a second
 * changed copies of it.
 */
public abstract class FuzzTest {
  private static final long CHANGED_COPIES_NANOS = 500_000_000;

  private final Consumer<byte[]> target;

  /**
   * @param target the subclass's {@code fuzzerTestOneInput}
   */
  protected FuzzTest(Consumer<byte[]> target) {
    this.target = target;
  }

  @Test
  @Timeout(60)
  void takesItsCorpusAndChangedCopies() throws IOException, URISyntaxException {
    List<byte[]> corpus = corpus(getClass());
    assertThat(corpus).isNotEmpty();
    corpus.forEach(this::take);
    Random random = new Random(8);
    long end = System.nanoTime() + CHANGED_COPIES_NANOS;
    for (int i = 0; System.nanoTime() < end; i++) {
      take(changed(corpus.get(i % corpus.size()), random));
    }
  }

  /**
   * Returns the inputs that were found worth keeping, among the test's resources: those packed in
   * {@code fuzz/NAME.zip}, then those in {@code fuzz/NAME}, which failed once.
   */
  public static List<byte[]> corpus(Class<? extends FuzzTest> test)
      throws IOException, URISyntaxException {
    String name = "/fuzz/" + test.getSimpleName().replaceFirst("FuzzTest$", "");
    List<byte[]> corpus = new ArrayList<>();
    try (ZipInputStream archive = new ZipInputStream(test.getResourceAsStream(name + ".zip"))) {
      while (archive.getNextEntry() != null) {
        corpus.add(archive.readAllBytes());
      }
    }
    URL failed = test.getResource(name);
    if (failed != null) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(failed.toURI()))) {
        for (Path file : files) {
          corpus.add(Files.readAllBytes(file));
        }
      }
    }
    return corpus;
  }

  private void take(byte[] input) {
    try {
      target.accept(input);
    } catch (Throwable e) {
      throw new AssertionError("input " + HexFormat.of().formatHex(input), e);
    }
  }

  private static byte[] changed(byte[] input, Random random) {
    byte[] copy = Arrays.copyOf(input, input.length + random.nextInt(4));
    for (int i = random.nextInt(4); i >= 0 && copy.length > 0; i--) {
      int at = random.nextInt(copy.length);
      switch (random.nextInt(3)) {
        case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> copy[at] = (byte) random.nextInt();
        default -> Arrays.fill(copy, at, Math.min(copy.length, at + 4), (byte) -random.nextInt(2));
      }
    }
    return random.nextInt(8) == 0 ? Arrays.copyOf(copy, random.nextInt(copy.length + 1)) : copy;
  }
}
