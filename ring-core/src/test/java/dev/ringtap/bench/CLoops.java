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
import java.nio.charset.StandardCharsets;

/** The loops of {@code frames.c}, called once for each block. Not thread-safe. */
@SuppressWarnings("restricted")
final class CLoops {
  private static final int HEADER_BYTES = 10;
  private static final int NAME_ROOM = 16;

  /** {@code struct encoder}. */
  private static final int ENCODER_BYTES = 128;

  private static final int NAME_BYTES_AT = 28;
  private static final int SEQUENCE_AT = 32;

  private final MethodHandle walk;
  private final MethodHandle encode;
  private final MemorySegment encoder;

  CLoops(Arena arena, byte[] singleObjectHeader, String interfaceName) throws IOException {
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
    byte[] name = interfaceName.getBytes(StandardCharsets.UTF_8);
    if (name.length >= NAME_ROOM) {
      throw new IllegalArgumentException(interfaceName + " is longer than the C struct's room");
    }
    MemorySegment.copy(singleObjectHeader, 0, encoder, JAVA_BYTE, 0, HEADER_BYTES);
    encoder.set(JAVA_BYTE, HEADER_BYTES, (byte) (name.length << 1));
    MemorySegment.copy(name, 0, encoder, JAVA_BYTE, HEADER_BYTES + 1, name.length);
    encoder.set(JAVA_INT, NAME_BYTES_AT, name.length + 1);
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
