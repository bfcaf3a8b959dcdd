package dev.ringtap.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens files for writing. */
public final class OutputFile {
  private static final int STICKY = 01000;
  private static final int WRITABLE_BY_OTHERS = 0022;

  private OutputFile() {}

  /**
   * Creates a file, with the permissions that the umask leaves, or empties the one that is there.
   *
   * <p>In a directory like {@code /tmp}, where all may make files and each may delete his own only,
   * a file or a link that belongs to another user is refused: he would read it, or it leads to a
   * file that he may not write himself. A file with hard links is refused for the same reason. The
   * kernel does so if {@code fs.protected_symlinks}, {@code fs.protected_hardlinks} and {@code
   * fs.protected_regular} are set; in a container they may not be.
   *
   * @throws FileSystemException if it cannot be opened, or is another user's as above
   */
  public static FileChannel create(Path path) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !isShared(directory)) {
      return FileChannel.open(
          path,
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }
    int owner = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (owner != userOfThisProcess()
        && owner != (Integer) Files.getAttribute(directory, "unix:uid")) {
      throw new FileSystemException(
          path.toString(),
          null,
          ("belongs to user %s, in a directory where all may make files; name another file,"
                  + " or delete this one")
              .formatted(owner));
    }
    // a user who may not write a file may still give it a second name here
    if ((Integer) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS) > 1) {
      throw new FileSystemException(
          path.toString(),
          null,
          "has a hard link, in a directory where all may make files; name another file, or delete"
              + " this one");
    }
    // nobody else can put another one into its place
    return FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
  }

  private static boolean isShared(Path directory) throws IOException {
    if (!Files.isDirectory(directory)
        || !directory.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return false;
    }
    int mode = (Integer) Files.getAttribute(directory, "unix:mode");
    return (mode & STICKY) != 0 && (mode & WRITABLE_BY_OTHERS) != 0;
  }

  /** The one that the kernel goes by, the fourth; {@code /proc/self} itself may be root's. */
  private static int userOfThisProcess() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("Uid:"))
        .mapToInt(line -> Integer.parseInt(line.split("\t")[4]))
        .findFirst()
        .orElseThrow(() -> new IOException("/proc/self/status tells no user"));
  }
}
