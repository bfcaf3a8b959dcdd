package dev.ringtap.example;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketRecords;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** The record page's example: what is missing of each capture in a topic. */
public final class FindLosses {
  /** Names a capture, of all interfaces too. */
  public record Capture(String host, Instant start, int member) {}

  /** Counts of a capture. */
  public static final class Counts {
    long frames;
    long lastSequence = -1;
    long dropped;

    /** Frames that the kernel dropped. */
    public long dropped() {
      return dropped;
    }

    /** Frames that were captured and are not in the topic. */
    public long missing() {
      return lastSequence + 1 - frames;
    }
  }

  private final PacketRecords records = new PacketRecords();
  private final Map<Capture, Counts> captures = new LinkedHashMap<>();

  /** Counts the frames of a Kafka record's value. */
  public void add(byte[] value) throws IOException {
    for (Packet packet : records.read(value)) {
      Capture capture = new Capture(packet.getHost(), packet.getCaptureStart(), packet.getMember());
      Counts counts = captures.computeIfAbsent(capture, key -> new Counts());
      counts.frames++;
      counts.lastSequence = Math.max(counts.lastSequence, packet.getSequence());
      counts.dropped += packet.getLostBefore();
    }
  }

  /** The captures seen so far. */
  public Map<Capture, Counts> captures() {
    return captures;
  }
}
