package dev.ringtap.kafka.embedded;

import dev.ringtap.kafka.embedded.BrokerException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A broker's directory, held by one broker at a time. It is known by its lock file; Kafka's own
 * files lie one level below, where a file system's {@code lost+found} does not disturb them.
 *
 * <p>Kafka's lock comes too late: a one-node broker writes its metadata log before it takes it.
 */
final class BrokerDirectory implements Closeable {
  private static final String LOCK = "ringtap-broker.lock";
  private static final String KAFKA_LOCK = ".lock";

  /** POSIX locks do not exclude within one process, and closing any descriptor drops them. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel lockFile;

  private BrokerDirectory(Path directory, FileChannel lockFile) {
    this.directory = directory;
    this.lockFile = lockFile;
  }

  /** Makes the directory where it is missing, and takes it. */
  static BrokerDirectory take(Path path) throws BrokerException {
    Path directory = path;
    try {
      directory = make(path);
      if (!HELD.add(directory)) {
        throw inUse(directory, "this process", null);
      }
      boolean taken = false;
      try {
        BrokerDirectory held = lock(directory);
        taken = true;
        return held;
      } finally {
        if (!taken) {
          HELD.remove(directory);
        }
      }
    } catch (BrokerException e) {
      throw e;
    } catch (IOException e) {
      String cause =
          e instanceof AccessDeniedException
              ? "permission denied for " + e.getMessage()
              : e instanceof FileAlreadyExistsException
                  ? e.getMessage() + " is no directory"
                  : e.toString();
      throw new BrokerException(
          Reason.DIRECTORY_NOT_WRITABLE,
          "Cannot keep the broker's data in %s: %s. Name a directory that you may write (--dir)."
              .formatted(directory, cause),
          e);
    }
  }

  private static Path make(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Path parent = path.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      try {
        // Packets are private: nobody else reads them.
        Files.createDirectory(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(path)) {
          throw e;
        }
      }
    }
    return path.toRealPath();
  }

  private static BrokerDirectory lock(Path directory) throws IOException {
    Path lock = directory.resolve(LOCK);
    if (!Files.exists(lock)) {
      try (Stream<Path> entries = Files.list(directory)) {
        String foreign =
            entries
                .map(entry -> entry.getFileName().toString())
                .filter(name -> !name.equals("lost+found") && !name.equals(LOCK))
                .findFirst()
                .orElse(null);
        if (foreign != null) {
          throw new BrokerException(
              Reason.DIRECTORY_FOREIGN,
              "%s is no directory of a Ringtap broker: it holds %s and no %s. Name an empty or a new directory (--dir)."
                  .formatted(directory, foreign, LOCK),
              null);
        }
      }
    }
    FileChannel channel =
        FileChannel.open(
            lock, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean locked = false;
    try {
      if (tryLock(channel) == null) {
        throw inUse(directory, "process " + read(channel), null);
      }
      BrokerDirectory held = new BrokerDirectory(directory, channel);
      held.refuseForeignKafka();
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)),
          0);
      locked = true;
      return held;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }

  /** Somebody may have started Kafka itself on the directory below. */
  private void refuseForeignKafka() throws IOException {
    Path kafka = Files.createDirectories(data());
    Path kafkaLock = kafka.resolve(KAFKA_LOCK);
    if (!Files.exists(kafkaLock)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(kafkaLock, StandardOpenOption.WRITE)) {
      if (tryLock(channel) == null) {
        throw inUse(kafka, "another Kafka broker", null);
      }
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(32);
    channel.read(text, 0);
    String pid = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
    return pid.isEmpty() ? "(starting)" : pid;
  }

  static BrokerException inUse(Path directory, String holder, @Nullable Throwable cause) {
    return new BrokerException(
        Reason.DIRECTORY_IN_USE,
        "A broker already works on %s, in %s. Use that broker (-b), stop it, or name another directory (--dir)."
            .formatted(directory, holder),
        cause);
  }

  /** The directory itself, absolute and without links. */
  Path path() {
    return directory;
  }

  /** Where Kafka keeps its files. */
  Path data() {
    return directory.resolve("kafka");
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
    HELD.remove(directory);
  }
}
