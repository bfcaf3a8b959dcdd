package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A control group with a limit on memory, as a container has it; none where none may be made. */
final class MemoryLimit implements AutoCloseable {
  private final Path group;

  private MemoryLimit(Path group) {
    this.group = group;
  }

  static MemoryLimit ofBytes(long bytes) throws IOException {
    Path root = Path.of("/sys/fs/cgroup");
    boolean second = Files.exists(root.resolve("cgroup.controllers"));
    Path parent = second ? root : root.resolve("memory");
    Path group = parent.resolve("ringtap-test-" + ProcessHandle.current().pid());
    try {
      Files.createDirectory(group);
      Files.writeString(
          group.resolve(second ? "memory.max" : "memory.limit_in_bytes"), Long.toString(bytes));
      return new MemoryLimit(group);
    } catch (IOException e) {
      System.out.println("no control group for the test, the heap's limit alone: " + e);
      Files.deleteIfExists(group);
      return new MemoryLimit(null);
    }
  }

  /** The words before a command that is to run in the group. */
  List<String> prefix() {
    return group == null
        ? List.of()
        : List.of(
            "sh", "-c", "echo $$ > " + group.resolve("cgroup.procs") + " && exec \"$@\"", "sh");
  }

  @Override
  public void close() throws IOException {
    if (group != null) {
      Files.delete(group);
    }
  }
}
