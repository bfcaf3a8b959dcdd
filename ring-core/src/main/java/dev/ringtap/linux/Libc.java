package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Downcalls into the C library: every native call of the project. Each returns its result or throws
 * a {@link LinuxException} that names the call and its object.
 *
 * <p>Loading this class outside Linux fails; check {@code os.name} before. Thread-safe.
 */
@SuppressWarnings("restricted")
public final class Libc {
  public static final int AF_PACKET = 17;

  static final int AF_UNIX = 1;
  static final int AF_NETLINK = 16;
  static final int SOCK_RAW = 3;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int CLONE_NEWNET = 0x40000000;
  static final int POLLIN = 1;
  static final int POLLERR = 8;

  private static final int AF_INET = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final long IF_NAMEINDEX_BYTES = 16;

  /** __NR_bpf: 321 in the table of x86-64, 280 in the one that newer architectures share. */
  private static final long SYS_BPF = System.getProperty("os.arch").equals("amd64") ? 321 : 280;

  private static final long MAX_STRING_BYTES = 4096;

  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = JAVA_INT;

  private static final MethodHandle SOCKET = call("socket", of(INT, INT, INT, INT));
  private static final MethodHandle CLOSE = plain("close", of(INT, INT));
  private static final MethodHandle BIND = call("bind", of(INT, INT, ADDRESS, INT));
  private static final MethodHandle SETSOCKOPT =
      call("setsockopt", of(INT, INT, INT, INT, ADDRESS, INT));
  private static final MethodHandle GETSOCKOPT =
      call("getsockopt", of(INT, INT, INT, INT, ADDRESS, ADDRESS));
  private static final MethodHandle GETSOCKNAME =
      call("getsockname", of(INT, INT, ADDRESS, ADDRESS));
  private static final MethodHandle MMAP =
      call("mmap", of(JAVA_LONG, ADDRESS, JAVA_LONG, INT, INT, INT, JAVA_LONG));
  private static final MethodHandle MUNMAP = plain("munmap", of(INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle POLL = call("poll", of(INT, ADDRESS, JAVA_LONG, INT));
  private static final MethodHandle EVENTFD = call("eventfd", of(INT, INT, INT));
  private static final MethodHandle READ = call("read", of(JAVA_LONG, INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE = call("write", of(JAVA_LONG, INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle SENDTO =
      call("sendto", of(JAVA_LONG, INT, ADDRESS, JAVA_LONG, INT, ADDRESS, INT));
  private static final MethodHandle IOCTL = variadic("ioctl", of(INT, INT, JAVA_LONG, ADDRESS), 2);
  private static final MethodHandle SYSCALL =
      variadic("syscall", of(JAVA_LONG, JAVA_LONG, INT, ADDRESS, INT), 1);
  private static final MethodHandle UNSHARE = call("unshare", of(INT, INT));
  private static final MethodHandle SETNS = call("setns", of(INT, INT, INT));
  private static final MethodHandle OPEN = variadic("open", of(INT, ADDRESS, INT), 2);
  private static final MethodHandle IF_NAMEINDEX = call("if_nameindex", of(ADDRESS));
  private static final MethodHandle IF_FREENAMEINDEX =
      plain("if_freenameindex", FunctionDescriptor.ofVoid(ADDRESS));
  private static final MethodHandle STRERROR = plain("strerror", of(ADDRESS, INT));

  private Libc() {}

  /** Does nothing but load this class, so that a missing permission shows at a known place. */
  public static void load() {}

  /** A native call: it returns the result, which is below 0 after a failure. */
  private interface Call {
    long in(Arena arena, MemorySegment state) throws Throwable;
  }

  /**
   * Makes a call with memory of its own.
   *
   * @return its result
   * @throws LinuxException if that is below 0
   */
  private static int call(String operation, Call call) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      return check((int) call.in(arena, state), state, operation);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static Fd socket(int domain, int type, int protocol, String what) throws LinuxException {
    return new Fd(
        call(
            "socket " + what,
            (arena, state) ->
                (int) SOCKET.invokeExact(state, domain, type | SOCK_CLOEXEC, protocol)));
  }

  /** A socket that serves ioctls on interfaces only. */
  static Fd controlSocket() throws LinuxException {
    return socket(AF_INET, SOCK_DGRAM, 0, "for interface requests");
  }

  static void close(int fd) {
    try {
      int unused = (int) CLOSE.invokeExact(fd);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static void bind(Fd fd, MemorySegment address, String what) throws LinuxException {
    int length = (int) address.byteSize();
    call(
        "bind " + what,
        (arena, state) -> (int) BIND.invokeExact(state, fd.number(), address, length));
  }

  static void setsockopt(Fd fd, int level, int option, MemorySegment value, String what)
      throws LinuxException {
    int length = (int) value.byteSize();
    call(
        "setsockopt " + what,
        (arena, state) ->
            (int) SETSOCKOPT.invokeExact(state, fd.number(), level, option, value, length));
  }

  static void setsockopt(Fd fd, int level, int option, int value, String what)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      setsockopt(fd, level, option, arena.allocateFrom(INT, value), what);
    }
  }

  static void getsockopt(Fd fd, int level, int option, MemorySegment value, String what)
      throws LinuxException {
    call(
        "getsockopt " + what,
        (arena, state) -> {
          MemorySegment length = arena.allocateFrom(INT, (int) value.byteSize());
          return (int) GETSOCKOPT.invokeExact(state, fd.number(), level, option, value, length);
        });
  }

  static void getsockname(Fd fd, MemorySegment address) throws LinuxException {
    call(
        "getsockname",
        (arena, state) -> {
          MemorySegment length = arena.allocateFrom(INT, (int) address.byteSize());
          return (int) GETSOCKNAME.invokeExact(state, fd.number(), address, length);
        });
  }

  /** Maps a descriptor's memory, shared; it is unmapped when the arena closes. */
  static MemorySegment mmap(Fd fd, long sizeBytes, Arena owner, String what) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      long address =
          (long)
              MMAP.invokeExact(
                  state,
                  MemorySegment.NULL,
                  sizeBytes,
                  PROT_READ_WRITE,
                  MAP_SHARED,
                  fd.number(),
                  0L);
      check(address == -1 ? -1 : 0, state, "mmap " + what);
      return MemorySegment.ofAddress(address)
          .reinterpret(sizeBytes, owner, mapping -> munmap(mapping.address(), sizeBytes));
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private static void munmap(long address, long sizeBytes) {
    try {
      int unused = (int) MUNMAP.invokeExact(address, sizeBytes);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Waits for events.
   *
   * @param state memory for errno, of {@link #callState}, owned by the caller
   * @return descriptors with events; 0 after the timeout or an interrupting signal
   */
  static int poll(MemorySegment state, MemorySegment pollfds, int timeoutMillis)
      throws LinuxException {
    try {
      long count = pollfds.byteSize() / Pollfd.BYTES;
      int ready = (int) POLL.invokeExact(state, pollfds, count, timeoutMillis);
      if (ready < 0 && errno(state) == Errno.EINTR) {
        return 0;
      }
      return check(ready, state, "poll");
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static MemorySegment callState(Arena arena) {
    return arena.allocate(CALL_STATE);
  }

  static Fd eventfd() throws LinuxException {
    return new Fd(
        call(
            "eventfd",
            (arena, state) -> (int) EVENTFD.invokeExact(state, 0, EFD_CLOEXEC | EFD_NONBLOCK)));
  }

  static int read(Fd fd, MemorySegment buffer, String what) throws LinuxException {
    return call(
        "read " + what,
        (arena, state) -> (long) READ.invokeExact(state, fd.number(), buffer, buffer.byteSize()));
  }

  static int write(Fd fd, MemorySegment buffer, String what) throws LinuxException {
    return call(
        "write " + what,
        (arena, state) -> (long) WRITE.invokeExact(state, fd.number(), buffer, buffer.byteSize()));
  }

  static void sendto(Fd fd, MemorySegment message, MemorySegment address, String what)
      throws LinuxException {
    long bytes = message.byteSize();
    int length = (int) address.byteSize();
    call(
        "sendto " + what,
        (arena, state) ->
            (long) SENDTO.invokeExact(state, fd.number(), message, bytes, 0, address, length));
  }

  static void ioctl(Fd fd, long request, MemorySegment argument, String what)
      throws LinuxException {
    call(
        "ioctl " + what,
        (arena, state) -> (int) IOCTL.invokeExact(state, fd.number(), request, argument));
  }

  /** The system call bpf(2), for which the C library has no function. */
  static int bpf(int command, MemorySegment attributes, String what) throws LinuxException {
    int size = (int) attributes.byteSize();
    return call(
        "bpf " + what,
        (arena, state) -> (long) SYSCALL.invokeExact(state, SYS_BPF, command, attributes, size));
  }

  /** Moves the calling thread, and no other, into a new network namespace. */
  static void unshareNetwork() throws LinuxException {
    call("unshare(CLONE_NEWNET)", (arena, state) -> (int) UNSHARE.invokeExact(state, CLONE_NEWNET));
  }

  /** Moves the calling thread, and no other, into the network namespace of a file. */
  static void setNetworkNamespace(Fd namespace) throws LinuxException {
    call(
        "setns(CLONE_NEWNET)",
        (arena, state) -> (int) SETNS.invokeExact(state, namespace.number(), CLONE_NEWNET));
  }

  /** Opens a file for reading. */
  static Fd open(String path) throws LinuxException {
    return new Fd(
        call(
            "open " + path,
            (arena, state) -> (int) OPEN.invokeExact(state, arena.allocateFrom(path), O_CLOEXEC)));
  }

  /** The interfaces of the calling thread's network namespace: name to index, in index order. */
  public static Map<String, Integer> interfaceIndexes() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment first = (MemorySegment) IF_NAMEINDEX.invokeExact(state);
      check(first.equals(MemorySegment.NULL) ? -1 : 0, state, "if_nameindex");
      Map<String, Integer> indexes = new LinkedHashMap<>();
      // struct if_nameindex { unsigned int if_index; char *if_name; }, ended by index 0
      MemorySegment all = first.reinterpret(Long.MAX_VALUE);
      for (long at = 0; all.get(INT, at) != 0; at += IF_NAMEINDEX_BYTES) {
        indexes.put(string(all.get(ADDRESS, at + 8)), all.get(INT, at));
      }
      IF_FREENAMEINDEX.invokeExact(first);
      return indexes;
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** The system's text for an error number. */
  static String strerror(int errno) {
    try {
      return string((MemorySegment) STRERROR.invokeExact(errno));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static String string(MemorySegment pointer) {
    return pointer.reinterpret(MAX_STRING_BYTES).getString(0, StandardCharsets.UTF_8);
  }

  private static int check(int result, MemorySegment state, String operation)
      throws LinuxException {
    if (result < 0) {
      throw new LinuxException(operation, errno(state));
    }
    return result;
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /** invokeExact declares Throwable; of these only ours and unchecked ones can come. */
  private static LinuxException failed(Throwable e) {
    if (e instanceof LinuxException known) {
      return known;
    }
    if (e instanceof RuntimeException known) {
      throw known;
    }
    if (e instanceof Error known) {
      throw known;
    }
    throw new AssertionError(e);
  }

  private static FunctionDescriptor of(MemoryLayout result, MemoryLayout... arguments) {
    return FunctionDescriptor.of(result, arguments);
  }

  /** Errno is kept. */
  private static MethodHandle call(String name, FunctionDescriptor descriptor) {
    return plain(name, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** Errno is kept; arguments from this one on are variadic in C. */
  private static MethodHandle variadic(String name, FunctionDescriptor descriptor, int first) {
    return plain(
        name,
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(first));
  }

  private static MethodHandle plain(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return Linker.nativeLinker().downcallHandle(address(name), descriptor, options);
  }

  private static MemorySegment address(String name) {
    return Linker.nativeLinker()
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }
}
