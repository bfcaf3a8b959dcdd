package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Loads and pins an eBPF program, which Ringtap itself leaves to others. */
public final class LoadedProgram {
  private static final int BPF_PROG_LOAD = 5;
  private static final int BPF_OBJ_PIN = 6;
  private static final int SOCKET_FILTER = 1;
  private static final int ATTRIBUTES_BYTES = 48;

  private final Path mount;

  private LoadedProgram(Path mount) {
    this.mount = mount;
  }

  /** Pins a program that returns one byte of the frame, in a bpf file system made for it. */
  public static LoadedProgram pinOrSkip(Path directory, int byteAt) throws Exception {
    Path mount = Files.createDirectory(directory.resolve("bpf"));
    assumeTrue(run("mount", "-t", "bpf", "none", mount.toString()), "needs a bpf file system");
    LoadedProgram pinned = new LoadedProgram(mount);
    // r6 = r1; r0 = the byte; exit
    ByteBuffer code = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder());
    code.putInt(0x16bf).putInt(0).putInt(0x30).putInt(byteAt).putInt(0x95).putInt(0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment instructions = arena.allocateFrom(JAVA_BYTE, code.array());
      MemorySegment load = arena.allocate(ATTRIBUTES_BYTES, 8);
      load.set(JAVA_INT, 0, SOCKET_FILTER);
      load.set(JAVA_INT, 4, code.capacity() / 8);
      load.set(JAVA_LONG, 8, instructions.address());
      load.set(JAVA_LONG, 16, arena.allocateFrom("GPL").address());
      int program = Libc.bpf(BPF_PROG_LOAD, load, "BPF_PROG_LOAD");
      MemorySegment pin = arena.allocate(ATTRIBUTES_BYTES, 8);
      pin.set(JAVA_LONG, 0, arena.allocateFrom(pinned.path().toString()).address());
      pin.set(JAVA_INT, 8, program);
      Libc.bpf(BPF_OBJ_PIN, pin, "BPF_OBJ_PIN");
      Libc.close(program);
    }
    return pinned;
  }

  /** Where it is pinned. */
  public Path path() {
    return mount.resolve("choose");
  }

  /** Takes it away again. */
  public void unpin() throws IOException, InterruptedException {
    run("umount", mount.toString());
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
