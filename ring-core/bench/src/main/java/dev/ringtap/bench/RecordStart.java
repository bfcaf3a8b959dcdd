package dev.ringtap.bench;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.record.PacketEncoder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** What all records of a capture begin with: the encoders in C get it and write it as it is. */
public final class RecordStart {
  /** The fields after it in a record of zeros and no payload. */
  private static final int OTHER_FIELDS_BYTES = 9;

  private RecordStart() {}

  /** Header, host, interface, start and member, encoded. */
  public static byte[] of(CaptureId capture) {
    try (BlockBuilder builder = new BlockBuilder(BlockBuilder.blockSizeBytes(0))) {
      builder.start(capture, LinkType.ETHERNET, 1);
      builder.append(0, 0, PacketType.HOST, 0, MemorySegment.NULL, 0, 0);
      try (Block block = builder.build(0, 0)) {
        byte[] record = PacketEncoder.singleObject().encode(block.next());
        return Arrays.copyOf(record, record.length - OTHER_FIELDS_BYTES);
      }
    }
  }
}
