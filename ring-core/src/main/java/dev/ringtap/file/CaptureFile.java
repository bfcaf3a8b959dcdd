package dev.ringtap.file;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Machine;
import dev.ringtap.file.RecordReader.CapturedOn;
import dev.ringtap.file.RecordReader.Outcome;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A capture file, replayed as blocks in the layout of the kernel's ring. It reads pcap with
 * microseconds or nanoseconds and pcapng, in either byte order, also packed by gzip or Zstandard,
 * from a file or a pipe.
 *
 * <p>A block holds frames of one interface; a frame with a loss before it begins a new block. The
 * interface's name is pcapng's if_name, otherwise the file's name. Host, start and member of the
 * capture are those that {@link PcapngWriter} wrote; otherwise the host is empty, the start is the
 * time of the file's first frame, and the member is 0, so that each replay of a file gives the
 * same. {@code packetType()} is what pcapng's epb_flags say, otherwise what a cooked header or the
 * Ethernet destination address says: BROADCAST, MULTICAST or, for all other frames, HOST. An
 * original length beyond 2^31 - 1 is shown as 2^31 - 1; it may be smaller than the payload where
 * the file says so. Frames of pcapng's simple packet blocks have no time and show 1970, or the
 * interface's if_tsoffset.
 *
 * <p>{@link #poll} is for one thread; all else may be called from any. Up to {@value #MOST_BLOCKS}
 * blocks may be out at the same time.
 *
 * <p>Sources: libpcap's pcap-savefile(5), IETF draft-ietf-opsawg-pcapng. What libpcap refuses is
 * refused, except link types, snap lengths or byte orders that change within a pcapng file, and one
 * without interfaces, which has no frames. Refused too are more than 16,384 interfaces of a pcapng
 * section and D-Bus messages of more than 16 MiB; interface names are cut to 256 bytes.
 */
public final class CaptureFile implements BlockSource {
  static final int MOST_BLOCKS = 8;

  private static final int BLOCK_SIZE_BYTES = 1 << 20;
  private static final long NANOS_PER_MICRO = 1000;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long POLL_NANOS = 200_000;

  /** A take that finds only refused frames looks at least for this long. */
  private static final long FILTER_NANOS = 50 * NANOS_PER_MILLI;

  private static final int REFUSED = -1;

  private static final long NO_DEADLINE_NANOS = Long.MAX_VALUE / 2;

  private final ByteInput input;
  private final RecordReader reader;

  /** Null keeps all. */
  private final @Nullable FileFrameFilter filter;

  private final List<BlockBuilder> builders = new ArrayList<>();

  /** For the frames of the few link types that allow more than a block's size. */
  private @Nullable BlockBuilder largeBuilder;

  private int largeSizeBytes = BLOCK_SIZE_BYTES;

  /** A record that the last block had no room for, still in the reader. */
  private boolean recordWaits;

  /** Bytes of the waiting record that the filter keeps. */
  private int keptLength;

  /** Frames lost before the waiting record, those before refused ones included. */
  private long lostBefore;

  private final long firstFrame;

  /** Null unless it is given. */
  private @Nullable String host;

  private int mostBytes = Integer.MAX_VALUE;

  /** When the file's first frame was seen: the start of captures of which the file tells none. */
  private long firstMicros;

  private boolean hasFirst;

  /** What the frames of the last block were captured on, and the capture made of it. */
  private @Nullable CapturedOn lastCapturedOn;

  private CaptureId lastCapture = CaptureId.on("");

  private long captured;
  private long dropped;
  private @Nullable IOException failure;

  private volatile boolean ended;
  private volatile boolean stopped;
  private volatile boolean closed;
  private volatile boolean woken;
  private volatile CaptureStatistics statistics = new CaptureStatistics(0, 0, 0, 0);

  private CaptureFile(
      ByteInput input, RecordReader reader, @Nullable FrameFilter filter, long firstFrame) {
    this.input = input;
    this.reader = reader;
    this.filter = filter == null ? null : new FileFrameFilter(filter);
    this.firstFrame = firstFrame;
  }

  /**
   * Opens a capture file and reads the start of it, waiting for that where it is a pipe.
   *
   * @param path the file; {@code -} is standard input
   * @throws CaptureFileException if it is no capture file
   * @throws IOException if it cannot be opened
   */
  public static CaptureFile open(Path path) throws IOException {
    return open(path, null);
  }

  /**
   * As {@link #open(Path)}, but only the frames that a filter keeps come out, cut as it says. The
   * others are not counted, as a kernel's filter does not count them. A frame lost before one that
   * is refused is shown as lost before the next that is kept.
   *
   * <p>{@link #poll} throws the {@link FilterException} of a filter that has no program for the
   * frames' link type.
   *
   * @param filter the filter, or null for all frames
   */
  public static CaptureFile open(Path path, @Nullable FrameFilter filter) throws IOException {
    return open(ByteInput.open(path), name(path), filter);
  }

  /**
   * Names the host of all frames, whatever the file says. Before the first {@link #poll}.
   *
   * @param name the name, or null for the file's own
   * @return this
   */
  public CaptureFile host(@Nullable String name) {
    host = name;
    return this;
  }

  /**
   * Truncates payloads as a capture's snap length does: the bytes after are not copied. Before the
   * first {@link #poll}.
   *
   * @param bytes most bytes of a payload
   * @return this
   */
  public CaptureFile snapLength(int bytes) {
    mostBytes = bytes;
    return this;
  }

  private static String name(Path path) {
    Path lastName = path.getFileName();
    return lastName == null ? path.toString() : lastName.toString();
  }

  /**
   * Opens a stretch of a capture file: the frames that begin in it, numbered by their position in
   * the file.
   *
   * @param range where to begin and to end, of {@link CaptureFileIndex} or {@link #rest()}
   * @param follow whether the file may still grow: its end is waited at and is no end, also within
   *     a record
   * @throws CaptureFileException if it is no capture file, or has changed before the range
   * @throws IOException if it cannot be opened, or is packed and the range is not the whole of it
   */
  public static CaptureFile open(Path path, FileRange range, boolean follow) throws IOException {
    ByteInput input = follow ? ByteInput.follow(path) : ByteInput.open(path);
    try {
      RecordReader reader = reader(new FileWindow(input, name(path)));
      CaptureFile file = new CaptureFile(input, reader, null, range.firstFrame());
      if (!range.isWhole()) {
        file.sees(firstNanos(path));
        reader.enter(range);
      }
      return file;
    } catch (IOException e) {
      input.end();
      throw e;
    }
  }

  /** When the first frame of a file was seen that has one. */
  private static long firstNanos(Path path) throws IOException {
    ByteInput input = ByteInput.open(path);
    try {
      RecordReader reader = reader(new FileWindow(input, name(path)));
      return reader.next(System.nanoTime()) == Outcome.RECORD ? reader.timestampNanos() : 0;
    } finally {
      input.end();
    }
  }

  private void sees(long nanos) {
    if (!hasFirst) {
      hasFirst = true;
      firstMicros = nanos / NANOS_PER_MICRO;
    }
  }

  /**
   * What no taken block has of the range that was opened. For the thread that takes.
   *
   * @throws IllegalStateException if a filter leaves frames out, so that they are not counted
   */
  public FileRange rest() {
    if (filter != null) {
      throw new IllegalStateException("frames that a filter refuses are not counted");
    }
    long start = recordWaits ? reader.window.offset() : reader.nextOffset();
    return new FileRange(
        start, reader.endBytes(), firstFrame + captured, reader.sectionBlockOffsets());
  }

  /** Whether the file is packed, so that no range but {@link FileRange#WHOLE} of it opens. */
  public boolean isPacked() {
    return input.isPacked();
  }

  /**
   * Opens a capture file that is a stream of bytes, such as an object of a store, and reads the
   * start of it. {@link #poll} waits for the stream's bytes however long they take.
   *
   * @param stream the bytes; closed with the capture file
   * @param name of the file, in errors and as the interface's name of a pcap file
   * @throws CaptureFileException if it is no capture file
   */
  public static CaptureFile open(InputStream stream, String name) throws IOException {
    return open(ByteInput.of(stream), name);
  }

  static CaptureFile open(ByteInput input, String name) throws IOException {
    return open(input, name, null);
  }

  private static CaptureFile open(ByteInput input, String name, @Nullable FrameFilter filter)
      throws IOException {
    try {
      return new CaptureFile(input, reader(new FileWindow(input, name)), filter, 0);
    } catch (IOException e) {
      input.end();
      throw e;
    }
  }

  static RecordReader reader(FileWindow window) throws IOException {
    String refusal = Machine.refusal();
    if (refusal != null) {
      throw new IOException(refusal);
    }
    long deadlineNanos = System.nanoTime() + NO_DEADLINE_NANOS;
    if (!window.has(4, deadlineNanos)) {
      throw window.truncated("magic number", 4);
    }
    if (PcapngReader.recognizes(window)) {
      return new PcapngReader(window);
    }
    if (PcapReader.recognizes(window)) {
      return new PcapReader(window, deadlineNanos);
    }
    throw window.fault(
        0, "no magic number of a pcap or pcapng file, nor of gzip or Zstandard around one");
  }

  /**
   * {@inheritDoc}
   *
   * @throws CaptureFileException at the fault of a file that cannot be read on, once all frames
   *     before it were taken; afterwards the source is ended
   */
  @Override
  public synchronized @Nullable Block poll(int timeoutMillis) throws IOException {
    long deadlineNanos = System.nanoTime() + timeoutMillis * NANOS_PER_MILLI;
    if (isEnded()) {
      return null;
    }
    if (failure != null) {
      ended = true;
      throw failure;
    }
    try {
      return recordWaits || nextRecord(deadlineNanos) ? fill(deadlineNanos) : null;
    } catch (IOException e) {
      ended = true;
      throw e;
    } finally {
      woken = false;
    }
  }

  /**
   * Moves the reader on to the next record that the filter keeps; at the file's end there is none
   * and the source is ended.
   */
  private boolean nextRecord(long deadlineNanos) throws IOException {
    long firstRefusal = 0;
    while (true) {
      Outcome outcome;
      try {
        outcome = reader.next(deadlineNanos);
      } catch (IOException e) {
        if (stopped || closed) {
          return false;
        }
        throw e;
      }
      if (outcome != Outcome.RECORD) {
        ended |= outcome == Outcome.END;
        return false;
      }
      sees(reader.timestampNanos());
      lostBefore += reader.lostBefore();
      keptLength = filter == null ? reader.payloadLength() : filtered(filter);
      keptLength = Math.min(keptLength, mostBytes);
      if (keptLength != REFUSED) {
        recordWaits = true;
        return true;
      }
      long now = System.nanoTime();
      firstRefusal = firstRefusal == 0 ? now : firstRefusal;
      if (stopped || closed || now - firstRefusal > FILTER_NANOS && now - deadlineNanos > 0) {
        return false;
      }
    }
  }

  /** Bytes that the filter keeps of the current record, or REFUSED. */
  private int filtered(FileFrameFilter filter) throws FilterException {
    int length = reader.payloadLength();
    int keep =
        filter.keptBytes(
            reader.capturedOn().linkType(),
            reader.packetType(),
            reader.window.memory(),
            reader.payloadOffset(),
            length,
            reader.originalLength());
    return keep == 0 ? REFUSED : Integer.compareUnsigned(keep, length) < 0 ? keep : length;
  }

  /** Puts the waiting record and those after it that belong with it into one block. */
  private @Nullable Block fill(long deadlineNanos) throws IOException {
    int least = BlockBuilder.blockSizeBytes(keptLength);
    BlockBuilder builder = freeBuilder(least, deadlineNanos);
    if (builder == null) {
      return null;
    }
    CapturedOn capturedOn = reader.capturedOn();
    long lost = lostBefore;
    if (dropped + captured + lost < 0) {
      throw reader.window.fault(0, "more than 2^63 frames, lost ones included");
    }
    lostBefore = 0;
    builder.start(capture(capturedOn), capturedOn.linkType(), capturedOn.snapLengthBytes());
    long begun = System.nanoTime();
    while (append(builder) && !stopped && !closed && more(begun)) {
      if (!capturedOn.equals(reader.capturedOn()) || lostBefore > 0) {
        break;
      }
    }
    long firstSequence = firstFrame + captured;
    captured += builder.frameCount();
    dropped += lost;
    statistics = new CaptureStatistics(captured + dropped, dropped, captured, 0);
    return builder.build(firstSequence, lost);
  }

  private CaptureId capture(CapturedOn on) {
    if (on != lastCapturedOn) {
      CaptureId told = on.capture();
      lastCapture =
          new CaptureId(
              host == null ? told.host() : host,
              told.interfaceName(),
              told.startMicros() == 0 ? firstMicros : told.startMicros(),
              told.member());
      lastCapturedOn = on;
    }
    return lastCapture;
  }

  private boolean append(BlockBuilder builder) {
    builder.flags(reader.flags());
    boolean appended =
        builder.append(
            reader.timestampNanos(),
            reader.originalLength(),
            reader.packetType(),
            0,
            reader.window.memory(),
            reader.payloadOffset(),
            keptLength);
    recordWaits = !appended;
    return appended;
  }

  /**
   * Whether there is a further record without waiting for one; a fault waits until the block before
   * it was taken.
   *
   * @param passedNanos a deadline that has passed: the clock costs as much as a frame
   */
  private boolean more(long passedNanos) {
    try {
      return nextRecord(passedNanos);
    } catch (IOException e) {
      failure = e;
      return false;
    }
  }

  private @Nullable BlockBuilder freeBuilder(int sizeBytes, long deadlineNanos) {
    BlockBuilder free = findFree(sizeBytes);
    while (free == null && !isEnded() && !woken && System.nanoTime() - deadlineNanos < 0) {
      LockSupport.parkNanos(POLL_NANOS);
      free = findFree(sizeBytes);
    }
    return free;
  }

  private @Nullable BlockBuilder findFree(int sizeBytes) {
    if (sizeBytes > BLOCK_SIZE_BYTES) {
      if (largeBuilder != null && largeBuilder.isOut()) {
        return null;
      }
      if (sizeBytes > largeSizeBytes) {
        largeSizeBytes = Math.max(sizeBytes, 2 * largeSizeBytes);
        if (largeBuilder != null) {
          largeBuilder.close();
        }
        largeBuilder = new BlockBuilder(largeSizeBytes);
      }
      return largeBuilder;
    }
    for (BlockBuilder builder : builders) {
      if (!builder.isOut()) {
        return builder;
      }
    }
    if (builders.size() == MOST_BLOCKS) {
      return null;
    }
    BlockBuilder builder = new BlockBuilder(BLOCK_SIZE_BYTES);
    builders.add(builder);
    return builder;
  }

  @Override
  public void wake() {
    woken = true;
    input.wake();
  }

  @Override
  public boolean isEnded() {
    return ended || stopped || closed;
  }

  /** Ends the replay: no further block comes. */
  @Override
  public void stop() throws IOException {
    stopped = true;
    input.end();
  }

  /**
   * {@inheritDoc} Offered frames are those in the blocks taken and those lost before them, as
   * pcapng's epb_dropcount tells.
   */
  @Override
  public CaptureStatistics statistics() {
    return statistics;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    input.end();
    synchronized (this) {
      builders.forEach(BlockBuilder::close);
      if (largeBuilder != null) {
        largeBuilder.close();
      }
    }
  }
}
