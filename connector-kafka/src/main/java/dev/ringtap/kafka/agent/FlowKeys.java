package dev.ringtap.kafka.agent;

import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.BlockEncoder;
import java.lang.foreign.MemorySegment;

/** Reads {@link FlowKey}s from encoded records. For one thread. */
final class FlowKeys {
  private final PacketHeaders headers = new PacketHeaders();
  private byte[] bytes;
  private MemorySegment memory;

  long of(BlockEncoder run, int record) {
    if (run.bytes() != bytes) {
      bytes = run.bytes();
      memory = MemorySegment.ofArray(bytes);
    }
    int at = run.payloadStart(record);
    return FlowKey.of(headers.parse(memory, at, run.end(record) - at, run.linkType(record)));
  }
}
