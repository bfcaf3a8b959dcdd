package dev.ringtap.kafka.connect;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.ReopeningCapture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a live ring. Records have no offset: a wire cannot be read again. While the interface is
 * missing there are no records; the capture goes on when it is back.
 */
final class LiveReader implements PacketReader {
  static final String INTERFACE = "interface";

  private static final Logger LOG = LoggerFactory.getLogger(LiveReader.class);

  /** Over the retire timeout, within which the kernel hands over its last block: for a late one. */
  private static final int DRAIN_MARGIN_MILLIS = 3000;

  private static final int DRAIN_POLL_MILLIS = 100;

  private final ReopeningCapture capture;
  private final RecordMaker maker;
  private final TaskLedger ledger;
  private final String interfaceName;
  private final long drainNanos;
  private final Map<String, String> partition;
  private boolean corruptionLogged;

  /** Opens the capture: frames come in from now on. */
  LiveReader(CaptureConfig config, RecordMaker maker, TaskLedger ledger) throws IOException {
    this.maker = maker;
    this.ledger = ledger;
    interfaceName = config.interfaceName();
    drainNanos =
        TimeUnit.MILLISECONDS.toNanos(
            config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS) + DRAIN_MARGIN_MILLIS);
    partition = Map.of(INTERFACE, interfaceName);
    capture = ReopeningCapture.openGroup(config, 1).get(0);
    ledger.follow(capture::statistics, capture::ringFill, () -> !capture.isWaiting());
  }

  @Override
  public List<SourceRecord> read(int timeoutMillis) throws IOException {
    try (Block block = capture.poll(timeoutMillis)) {
      return block == null ? List.of() : records(block);
    }
  }

  private List<SourceRecord> records(Block block) {
    List<SourceRecord> records = new ArrayList<>(Math.min(block.frameCount(), MOST_EXPECTED));
    long lost = 0;
    try {
      Frame frame;
      while ((frame = block.next()) != null) {
        lost += frame.lostBefore();
        records.add(maker.of(frame, partition, null));
      }
    } catch (CorruptBlockException e) {
      ledger.unreadable(e.unreadFrames());
      if (!corruptionLogged) {
        corruptionLogged = true;
        LOG.warn("frames cannot be read and are counted as unreadable: {}", e.getMessage());
      }
    }
    ledger.polled(records.size(), lost);
    return records;
  }

  @Override
  public boolean isEnded() {
    return capture.isEnded();
  }

  @Override
  public void wake() {
    capture.wake();
  }

  /** Ends the capture at once, and counts the frames that are not polled any more. */
  @Override
  public void close() {
    try {
      capture.stop();
      long deadline = System.nanoTime() + drainNanos;
      while (!capture.isEnded() && System.nanoTime() - deadline < 0) {
        try (Block block = capture.poll(DRAIN_POLL_MILLIS)) {
          if (block != null) {
            ledger.leftAtStop(block.frameCount());
          }
        }
      }
    } catch (IOException e) {
      LOG.warn("what was left in the ring is not counted: {}", e.getMessage());
    } finally {
      capture.close();
    }
  }

  @Override
  public String toString() {
    CaptureId id = capture.capture();
    return "interface " + interfaceName + " of host " + id.host() + " since " + id.start();
  }
}
