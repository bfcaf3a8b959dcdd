package dev.ringtap.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** The loops of {@code frames.c}, called once for each block. Not thread-safe. */
@SuppressWarnings("restricted")
final class CLoops {
  /** {@code struct encoder}. */
  private static final int ENCODER_BYTES = 256;

  private static final int START_ROOM = 64;
  private static final int START_BYTES_AT = 64;
  private static final int SEQUENCE_AT = 72;

  private final MethodHandle walk;
  private final MethodHandle encode;
  private final MemorySegment encoder;

  CLoops(Arena arena, byte[] recordStart) throws IOException {
    SymbolLookup library =
        SymbolLookup.libraryLookup(CompiledC.build("frames.c", "-shared", "-fPIC"), arena);
    Linker linker = Linker.nativeLinker();
    walk =
        linker.downcallHandle(
            library.find("c_walk").orElseThrow(), FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    encode =
        linker.downcallHandle(
            library.find("c_encode").orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS));
    encoder = arena.allocate(ENCODER_BYTES, Long.BYTES);
    if (recordStart.length > START_ROOM) {
      throw new IllegalArgumentException("a record's start is longer than the C struct's room");
    }
    MemorySegment.copy(recordStart, 0, encoder, JAVA_BYTE, 0, recordStart.length);
    encoder.set(JAVA_INT, START_BYTES_AT, recordStart.length);
  }

  long walk(MemorySegment block) {
    try {
      return (long) walk.invokeExact(block);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Bytes written; sequence numbers begin with 0 again. */
  long encode(MemorySegment block, MemorySegment target) {
    encoder.set(JAVA_LONG, SEQUENCE_AT, 0);
    try {
      return (long) encode.invokeExact(encoder, block, target);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
