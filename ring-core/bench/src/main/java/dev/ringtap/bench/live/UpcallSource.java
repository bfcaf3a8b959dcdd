package dev.ringtap.bench.live;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ringtap.linux.Libpcap;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * libpcap's {@code pcap_dispatch} with a Java method as its {@code pcap_handler}, as one would bind
 * it with the Foreign Function and Memory API.
 */
@SuppressWarnings("restricted")
final class UpcallSource implements JavaReader.Source {
  private static final int ALL = -1;

  /** {@code struct pcap_pkthdr}: seconds, nanoseconds, caplen, len. */
  private static final int CAPLEN_AT = 16;

  private static final int LEN_AT = 20;
  private static final AddressLayout HEADER =
      ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(24, JAVA_BYTE).withByteAlignment(8));
  private static final AddressLayout PACKET =
      ADDRESS.withTargetLayout(
          MemoryLayout.sequenceLayout(JavaReader.SNAP_LENGTH_BYTES, JAVA_BYTE));

  private static final SymbolLookup LIBPCAP = libpcap();
  private static final MethodHandle DISPATCH =
      call("pcap_dispatch", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle STATS =
      call("pcap_stats", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

  private final MemorySegment pcap;
  private final MemorySegment handler;

  /** Of one dispatch. */
  private long frames;

  private long sum;
  private byte[] copy;

  UpcallSource(String interfaceName, boolean copies) throws Exception {
    pcap = open(interfaceName);
    MethodHandle method =
        MethodHandles.lookup()
            .bind(
                this,
                copies ? "copyPacket" : "countPacket",
                MethodType.methodType(
                    void.class, MemorySegment.class, MemorySegment.class, MemorySegment.class));
    handler =
        Linker.nativeLinker()
            .upcallStub(method, FunctionDescriptor.ofVoid(ADDRESS, HEADER, PACKET), Arena.global());
  }

  private static SymbolLookup libpcap() {
    for (String name : Libpcap.SONAMES) {
      try {
        return SymbolLookup.libraryLookup(name, Arena.global());
      } catch (IllegalArgumentException e) {
        continue;
      }
    }
    throw new IllegalStateException("no libpcap; on Debian: apt install libpcap-dev");
  }

  private static MethodHandle call(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(LIBPCAP.find(name).orElseThrow(), descriptor);
  }

  private static MemorySegment open(String interfaceName) throws IOException {
    try {
      return activate(interfaceName);
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MemorySegment activate(String interfaceName) throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(256);
      MemorySegment pcap =
          (MemorySegment)
              call("pcap_create", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS))
                  .invokeExact(arena.allocateFrom(interfaceName), error);
      if (pcap.equals(MemorySegment.NULL)) {
        throw new IOException("pcap_create: " + error.getString(0));
      }
      set(pcap, "pcap_set_snaplen", JavaReader.SNAP_LENGTH_BYTES);
      set(pcap, "pcap_set_promisc", 1);
      set(pcap, "pcap_set_timeout", JavaReader.RETIRE_TIMEOUT_MILLIS);
      set(pcap, "pcap_set_buffer_size", JavaReader.RING_BYTES);
      set(pcap, "pcap_set_tstamp_precision", 1);
      int status =
          (int) call("pcap_activate", FunctionDescriptor.of(JAVA_INT, ADDRESS)).invokeExact(pcap);
      if (status < 0) {
        throw new IOException("pcap_activate on " + interfaceName + ": " + status);
      }
      return pcap;
    }
  }

  private static void set(MemorySegment pcap, String function, int value) throws Throwable {
    int status =
        (int)
            call(function, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT))
                .invokeExact(pcap, value);
    if (status != 0) {
      throw new IOException(function + " of " + value + ": " + status);
    }
  }

  @Override
  public void read(JavaReader.Counts counts) throws Exception {
    while (true) {
      int status = dispatch();
      if (status < 0) {
        throw new IOException("pcap_dispatch: " + status);
      }
      counts.add(frames, sum);
      frames = 0;
      sum = 0;
    }
  }

  private int dispatch() {
    try {
      return (int) DISPATCH.invokeExact(pcap, ALL, handler, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private void countPacket(MemorySegment user, MemorySegment header, MemorySegment packet) {
    long nanos = header.get(JAVA_LONG, 0) * 1_000_000_000L + header.get(JAVA_LONG, 8);
    sum += nanos + header.get(JAVA_INT, CAPLEN_AT) + header.get(JAVA_INT, LEN_AT);
    frames++;
  }

  private void copyPacket(MemorySegment user, MemorySegment header, MemorySegment packet) {
    int length = header.get(JAVA_INT, CAPLEN_AT);
    copy = new byte[length];
    MemorySegment.copy(packet, JAVA_BYTE, 0, copy, 0, length);
    sum += length;
    frames++;
  }

  @Override
  public long dropped() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stat = arena.allocate(JAVA_INT, 3);
      int status = (int) STATS.invokeExact(pcap, stat);
      if (status < 0) {
        throw new IllegalStateException("pcap_stats: " + status);
      }
      return stat.getAtIndex(JAVA_INT, 1);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
