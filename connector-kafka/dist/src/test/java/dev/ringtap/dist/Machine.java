package dev.ringtap.dist;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A fresh Debian 12 under systemd, in a container of systemd-nspawn with a network of its own. What
 * is changed in it is gone with it. Not thread-safe.
 */
final class Machine implements AutoCloseable {
  /** Made once in a checkout: it takes a minute. */
  private static final Path DEBIAN = Path.of("target", "debian.tar");

  private static final int COMMAND_SECONDS = 120;
  private static final int MIRROR_SECONDS = 600;

  private final Path root;
  private final Process container;
  private final String init;

  private Machine(Path root, Process container, String init) {
    this.root = root;
    this.container = container;
    this.init = init;
  }

  /**
   * Starts one, and waits until it is up.
   *
   * @param root where its files are to be; an empty directory
   * @param shared a directory of this machine, which is /shared in the other one
   */
  static Machine boot(Path root, Path shared) throws IOException, InterruptedException {
    install(root);
    Path console = shared.resolve("console.log");
    Process container =
        new ProcessBuilder(
                "systemd-nspawn",
                "--boot",
                "--directory=" + root,
                "--volatile=overlay",
                "--machine=ringtap-" + ProcessHandle.current().pid(),
                "--private-network",
                "--bind=" + shared + ":/shared",
                "--register=no",
                "--keep-unit",
                "--link-journal=no",
                "--resolv-conf=off",
                "--timezone=off",
                "--settings=no")
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
    try {
      Optional<ProcessHandle> init = Optional.empty();
      while (init.isEmpty()) {
        if (!container.isAlive()) {
          throw new IOException("systemd-nspawn has ended\n" + Files.readString(console));
        }
        Thread.sleep(50);
        init = container.children().filter(Machine::isInit).findAny();
      }
      Machine machine = new Machine(root, container, Long.toString(init.get().pid()));
      machine.await("systemctl is-system-running --wait | grep -E '^(running|degraded)'");
      return machine;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      container.destroy();
      throw e;
    }
  }

  /** The processes before it are nspawn's own. */
  private static boolean isInit(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/comm")).equals("systemd\n");
    } catch (IOException e) {
      // it has ended
      return false;
    }
  }

  /** What every Debian has, and what the package depends on. */
  private static void install(Path root) throws IOException, InterruptedException {
    if (Files.exists(DEBIAN)) {
      execute(MIRROR_SECONDS, "tar", "--extract", "--file=" + DEBIAN, "--directory=" + root);
      return;
    }
    execute(
        MIRROR_SECONDS,
        "debootstrap",
        "--variant=minbase",
        "--force-check-gpg",
        "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
        "--include=systemd-sysv,libpcap0.8",
        "bookworm",
        root.toString(),
        System.getenv().getOrDefault("DEBIAN_MIRROR", "http://deb.debian.org/debian"));
    Path made = Path.of(DEBIAN + ".new");
    execute(MIRROR_SECONDS, "tar", "--create", "--file=" + made, "--directory=" + root, ".");
    Files.move(made, DEBIAN, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Runs a command in the container, which has to succeed, and returns what it prints. */
  String run(String... command) throws IOException, InterruptedException {
    return enter("--all", command);
  }

  /** Runs a shell command in the container again until it succeeds. */
  void await(String command) throws IOException, InterruptedException {
    run("sh", "-c", "until " + command + "; do sleep 0.1; done");
  }

  /** Runs a program of this machine in the container's network. */
  void runInNetwork(String... command) throws IOException, InterruptedException {
    enter("--net", command);
  }

  private String enter(String namespaces, String... command)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("nsenter", "--target", init, namespaces, "--"));
    words.addAll(List.of(command));
    return execute(COMMAND_SECONDS, words.toArray(String[]::new));
  }

  /** Runs a command of this machine, which has to succeed, and returns what it prints. */
  static String execute(int seconds, String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("ringtap", ".out");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
      String text = Files.readString(output, UTF_8);
      if (!ended || process.exitValue() != 0) {
        String how = ended ? "ended with " + process.exitValue() : "does not end";
        throw new IOException(String.join(" ", command) + ": " + how + "\n" + text);
      }
      return text;
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }

  @Override
  public void close() throws IOException {
    container.destroy();
    container.onExit().orTimeout(COMMAND_SECONDS, TimeUnit.SECONDS).join();
    // JUnit would do it with a warning for each link
    new ProcessBuilder("rm", "--recursive", root.toString()).inheritIO().start().onExit().join();
  }
}
