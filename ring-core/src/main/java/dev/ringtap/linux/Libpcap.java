package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The filter compiler of the system's libpcap, by {@code <pcap/pcap.h>}. The library is optional:
 * nothing is loaded before {@link #load}, and nothing else needs it.
 *
 * <p>Thread-safe, and no compilation waits for another: libpcap's compiler has no globals since
 * 1.8, see pcap_compile(3PCAP), and older ones are refused.
 */
@SuppressWarnings("restricted")
public final class Libpcap {
  /** What the library is called: first by everybody, then by Debian and Ubuntu. */
  public static final List<String> SONAMES = List.of("libpcap.so.1", "libpcap.so.0.8");

  /** DLT_RAW as Linux numbers it: IPv4 or IPv6 without a link-layer header. */
  public static final int DLT_RAW = 12;

  static final int PCAP_ERRBUF_SIZE = 256;

  private static final long MAX_STRING_BYTES = 4096;

  /**
   * Longer expressions are not optimized: the time that libpcap takes for it grows faster than the
   * square of their length, to minutes for 10 KB.
   */
  public static final int MOST_OPTIMIZED_BYTES = 1024;

  private static final Pattern VERSION = Pattern.compile("libpcap version (\\d+)\\.(\\d+)");

  /** One block of the smallest size that libpcap's ring has: the handle never reads a frame. */
  private static final int LIVE_BUFFER_BYTES = 1 << 18;

  private static final ValueLayout.OfInt INT = JAVA_INT;

  private final MethodHandle openDead;
  private final MethodHandle create;
  private final MethodHandle setSnaplen;
  private final MethodHandle setPromisc;
  private final MethodHandle setBufferSize;
  private final MethodHandle activate;
  private final MethodHandle datalink;
  private final MethodHandle setDatalink;
  private final MethodHandle lookupnet;
  private final MethodHandle compile;
  private final MethodHandle freecode;
  private final MethodHandle geterr;
  private final MethodHandle statustostr;
  private final MethodHandle close;
  private final MethodHandle version;

  /** Takes the instructions of a compiled program, in order. */
  public interface Instructions {
    /** See {@code struct bpf_insn}. */
    void add(int code, int jt, int jf, int k);
  }

  private Libpcap(SymbolLookup library) {
    openDead = call(library, "pcap_open_dead", FunctionDescriptor.of(ADDRESS, INT, INT));
    create = call(library, "pcap_create", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    setSnaplen = call(library, "pcap_set_snaplen", FunctionDescriptor.of(INT, ADDRESS, INT));
    setPromisc = call(library, "pcap_set_promisc", FunctionDescriptor.of(INT, ADDRESS, INT));
    setBufferSize = call(library, "pcap_set_buffer_size", FunctionDescriptor.of(INT, ADDRESS, INT));
    activate = call(library, "pcap_activate", FunctionDescriptor.of(INT, ADDRESS));
    datalink = call(library, "pcap_datalink", FunctionDescriptor.of(INT, ADDRESS));
    setDatalink = call(library, "pcap_set_datalink", FunctionDescriptor.of(INT, ADDRESS, INT));
    lookupnet =
        call(
            library,
            "pcap_lookupnet",
            FunctionDescriptor.of(INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    compile =
        call(
            library,
            "pcap_compile",
            FunctionDescriptor.of(INT, ADDRESS, ADDRESS, ADDRESS, INT, INT));
    freecode = call(library, "pcap_freecode", FunctionDescriptor.ofVoid(ADDRESS));
    geterr = call(library, "pcap_geterr", FunctionDescriptor.of(ADDRESS, ADDRESS));
    statustostr = call(library, "pcap_statustostr", FunctionDescriptor.of(ADDRESS, INT));
    close = call(library, "pcap_close", FunctionDescriptor.ofVoid(ADDRESS));
    version = call(library, "pcap_lib_version", FunctionDescriptor.of(ADDRESS));
  }

  /**
   * Loads the library by the first of these names that the dynamic loader finds; it stays loaded.
   *
   * @return the library, or null where none of the names is installed
   * @throws IllegalCallerException if this code may not make native calls
   * @throws UnsatisfiedLinkError if it is older than 1.8
   */
  public static @Nullable Libpcap load(List<String> sonames) {
    for (String soname : sonames) {
      SymbolLookup library;
      try {
        library = SymbolLookup.libraryLookup(soname, Arena.global());
      } catch (IllegalArgumentException e) {
        continue;
      }
      Libpcap loaded = new Libpcap(library);
      requireReentrant(loaded.version());
      return loaded;
    }
    return null;
  }

  /** Before 1.8 two compilations at a time corrupt each other. */
  static void requireReentrant(String version) {
    Matcher found = VERSION.matcher(version);
    if (found.find()
        && Integer.parseInt(found.group(1)) == 1
        && Integer.parseInt(found.group(2)) < 8) {
      throw new UnsatisfiedLinkError(version + " is installed; 1.8 or later is needed");
    }
  }

  private static MethodHandle call(
      SymbolLookup library, String name, FunctionDescriptor descriptor) {
    MemorySegment address =
        library
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the installed libpcap has no " + name));
    return Linker.nativeLinker().downcallHandle(address, descriptor);
  }

  /** The library's name and version, as it words them. */
  public String version() {
    try {
      return string((MemorySegment) version.invokeExact());
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /**
   * Compiles for frames that nothing but their bytes is known of, as those of a capture file.
   *
   * @param dlt libpcap's DLT_ number of the frames' first header
   * @throws LibpcapException if the expression is refused
   */
  public void compileDead(String expression, int dlt, int snapLengthBytes, Instructions target)
      throws LibpcapException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = (MemorySegment) openDead.invokeExact(dlt, snapLengthBytes);
      if (handle.equals(MemorySegment.NULL)) {
        throw new LibpcapException("libpcap has no memory for a handle", false);
      }
      try {
        compile(arena, handle, expression, 0, target);
      } finally {
        close.invokeExact(handle);
      }
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /**
   * Compiles for a live capture on an interface of the calling thread's network namespace. Only a
   * handle that is active makes libpcap use what the kernel knows beside the frame (stripped VLAN
   * tags, direction), so one is opened for that moment, not promiscuous and with a ring of 256 KiB:
   * it needs CAP_NET_RAW.
   *
   * @param dlt libpcap's DLT_ number of the frames' first header, one of those that the interface's
   *     handle offers: on "any" it is SLL's if nothing else is asked for
   * @throws LibpcapException if the interface cannot be opened so or the expression is refused
   */
  public void compileLive(
      String expression, String interfaceName, int dlt, int snapLengthBytes, Instructions target)
      throws LibpcapException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(interfaceName);
      MemorySegment error = arena.allocate(PCAP_ERRBUF_SIZE);
      MemorySegment handle = (MemorySegment) create.invokeExact(name, error);
      if (handle.equals(MemorySegment.NULL)) {
        throw new LibpcapException(string(error), false);
      }
      try {
        int set = (int) setSnaplen.invokeExact(handle, snapLengthBytes);
        set |= (int) setPromisc.invokeExact(handle, 0);
        set |= (int) setBufferSize.invokeExact(handle, LIVE_BUFFER_BYTES);
        int status = (int) activate.invokeExact(handle);
        if (set != 0 || status < 0) {
          throw new LibpcapException(activationError(handle, status), false);
        }
        if ((int) datalink.invokeExact(handle) != dlt
            && (int) setDatalink.invokeExact(handle, dlt) < 0) {
          throw new LibpcapException(string((MemorySegment) geterr.invokeExact(handle)), false);
        }
        compile(arena, handle, expression, netmask(arena, name), target);
      } finally {
        close.invokeExact(handle);
      }
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private String activationError(MemorySegment handle, int status) throws Throwable {
    String detail = string((MemorySegment) geterr.invokeExact(handle));
    String general = string((MemorySegment) statustostr.invokeExact(status));
    return detail.isEmpty() ? general : general + ": " + detail;
  }

  /** The interface's IPv4 netmask in network byte order; 0 where it has none, as in tcpdump. */
  private int netmask(Arena arena, MemorySegment interfaceName) throws Throwable {
    MemorySegment net = arena.allocate(INT);
    MemorySegment mask = arena.allocate(INT);
    MemorySegment error = arena.allocate(PCAP_ERRBUF_SIZE);
    int result = (int) lookupnet.invokeExact(interfaceName, net, mask, error);
    return result < 0 ? 0 : mask.get(INT, 0);
  }

  private void compile(
      Arena arena, MemorySegment handle, String expression, int netmask, Instructions target)
      throws Throwable {
    MemorySegment text = arena.allocateFrom(expression);
    MemorySegment program = PcapProgram.allocate(arena);
    int optimize = text.byteSize() > MOST_OPTIMIZED_BYTES ? 0 : 1;
    int result = (int) compile.invokeExact(handle, program, text, optimize, netmask);
    if (result < 0) {
      throw new LibpcapException(string((MemorySegment) geterr.invokeExact(handle)), true);
    }
    try {
      PcapProgram.read(program, target);
    } finally {
      freecode.invokeExact(program);
    }
  }

  private static String string(MemorySegment pointer) {
    return pointer.reinterpret(MAX_STRING_BYTES).getString(0, StandardCharsets.UTF_8);
  }

  private static LibpcapException failed(Throwable e) {
    if (e instanceof LibpcapException known) {
      return known;
    }
    throw unchecked(e);
  }

  /** invokeExact declares Throwable; only unchecked ones can come. */
  private static RuntimeException unchecked(Throwable e) {
    if (e instanceof RuntimeException known) {
      return known;
    }
    if (e instanceof Error known) {
      throw known;
    }
    throw new AssertionError(e);
  }
}
