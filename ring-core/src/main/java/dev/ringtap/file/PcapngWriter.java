package dev.ringtap.file;

import static dev.ringtap.file.PcapngFormat.padded;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.FrameFlags;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.Flushable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Writes a pcapng file with time stamps in nanoseconds, which Wireshark and tcpdump open. (libpcap
 * wants one link type and one snap length throughout a file; Wireshark does not mind.)
 *
 * <p>Blocks are collected in memory and reach the channel whole. When the channel fails, as on a
 * full disk, a regular file is cut back to the last whole block, and every further call fails as
 * the first did; {@link #framesWritten()} and {@link #framesLost()} then add up to the frames
 * given.
 *
 * <p>Not thread-safe. Source: IETF draft-ietf-opsawg-pcapng.
 */
public final class PcapngWriter implements Closeable, Flushable {
  private static final int NANOSECONDS = 9;
  private static final int MOST_COMMENT_BYTES = 4096;
  private static final int MOST_SECRETS_BYTES = 16 << 20;

  /** An interface as declared, and the times of its first and last frame. */
  private static final class Interface {
    final CaptureId capture;
    final int linkType;
    final int mostBytes;
    boolean hasFrames;
    long firstNanos;
    long lastNanos;
    long received = -1;
    long dropped;

    Interface(CaptureId capture, int linkType, int mostBytes) {
      this.capture = capture;
      this.linkType = linkType;
      this.mostBytes = mostBytes;
    }

    boolean is(CaptureId otherCapture, int otherLinkType) {
      return linkType == otherLinkType && (capture == otherCapture || capture.equals(otherCapture));
    }

    void sees(long timestampNanos) {
      firstNanos = hasFrames ? Math.min(firstNanos, timestampNanos) : timestampNanos;
      lastNanos = Math.max(lastNanos, timestampNanos);
      hasFrames = true;
    }
  }

  private final PcapngOutput output;
  private final List<Interface> interfaces = new ArrayList<>();
  private int lastInterface;
  private long framesGiven;
  private boolean closed;

  /**
   * Starts a file on a blocking channel, which {@link #close} closes. Where it fails it is not cut
   * back: use {@link #create} for that.
   */
  public PcapngWriter(WritableByteChannel channel) {
    this(new PcapngOutput(channel, null, "channel"), "");
  }

  private PcapngWriter(PcapngOutput output, String comment) {
    this.output = output;
    byte[] commentBytes = text(comment);
    if (commentBytes.length > MOST_COMMENT_BYTES) {
      throw new IllegalArgumentException(
          "comment of " + commentBytes.length + " bytes; at most " + MOST_COMMENT_BYTES);
    }
    byte[] hardware = text(System.getProperty("os.arch"));
    byte[] os = text(System.getProperty("os.name") + " " + System.getProperty("os.version"));
    byte[] application = text("Ringtap");
    int options =
        textBytes(commentBytes) + textBytes(hardware) + textBytes(os) + textBytes(application) + 4;
    // The buffer has room for the first block, so that nothing can fail yet.
    output.begin(PcapngFormat.SECTION_HEADER, PcapngFormat.SECTION_HEADER_BYTES + options);
    output.putInt(PcapngFormat.BYTE_ORDER_MAGIC);
    output.putShort(1);
    output.putShort(0);
    output.putLong(-1);
    putText(PcapngFormat.OPTION_COMMENT, commentBytes);
    putText(PcapngFormat.SHB_HARDWARE, hardware);
    putText(PcapngFormat.SHB_OS, os);
    putText(PcapngFormat.SHB_USER_APPLICATION, application);
    putOption(PcapngFormat.OPTION_END, 0);
    output.end();
  }

  /**
   * Creates a file, replacing what is there; see {@link OutputFile#create}.
   *
   * @param path the file; {@code -} is standard output
   * @throws IOException if it cannot be created
   */
  public static PcapngWriter create(Path path) throws IOException {
    return create(path, "");
  }

  /**
   * Creates a file as {@link #create(Path)} does, with a comment on all of it.
   *
   * @param comment at most 4096 bytes of UTF-8; empty for none
   * @throws IOException if it cannot be created
   */
  public static PcapngWriter create(Path path, String comment) throws IOException {
    if (path.toString().equals("-")) {
      WritableByteChannel standardOutput =
          Channels.newChannel(new FileOutputStream(FileDescriptor.out));
      return new PcapngWriter(new PcapngOutput(standardOutput, null, "standard output"), comment);
    }
    try {
      FileChannel channel = OutputFile.create(path);
      Path regularFile = Files.isRegularFile(path) ? path : null;
      return new PcapngWriter(new PcapngOutput(channel, regularFile, path.toString()), comment);
    } catch (FileSystemException e) {
      throw ByteInput.refused("create", path, e);
    }
  }

  /**
   * Writes a TLS key log as a Decryption Secrets Block. Wireshark decrypts the packets that follow
   * it.
   *
   * @param keyLog lines of the NSS key log format, which SSLKEYLOGFILE and openssl's -keylogfile
   *     name; at most 16 MiB
   * @throws IOException if the channel fails
   */
  public void writeTlsKeys(byte[] keyLog) throws IOException {
    if (keyLog.length > MOST_SECRETS_BYTES) {
      throw new IllegalArgumentException(
          "TLS key log of " + keyLog.length + " bytes; at most " + MOST_SECRETS_BYTES);
    }
    int blockBytes = PcapngFormat.DECRYPTION_SECRETS_BYTES + padded(keyLog.length);
    output.makeRoom(blockBytes);
    output.begin(PcapngFormat.DECRYPTION_SECRETS, blockBytes);
    output.putInt(PcapngFormat.TLS_KEY_LOG);
    output.putInt(keyLog.length);
    System.arraycopy(keyLog, 0, output.bytes(), output.skip(keyLog.length), keyLog.length);
    output.pad(keyLog.length);
    output.end();
  }

  /**
   * Declares a capture's interface. Its name is the interface's; host, start and member stand in
   * if_description, from which {@link CaptureFile} reads them again.
   *
   * @param linkType LINKTYPE value
   * @param snapLengthBytes most bytes of a frame; 0 for no limit
   * @return the number to write its frames under
   * @throws IOException if the channel fails, or the file has 16,384 interfaces, the most that are
   *     read again
   */
  public int addInterface(CaptureId capture, int linkType, int snapLengthBytes) throws IOException {
    byte[] nameBytes = text(capture.interfaceName());
    byte[] description = text(PcapngFormat.description(capture));
    if (linkType < 0 || linkType > 0xFFFF) {
      throw new IllegalArgumentException("link type " + linkType + " is not in 0..65535");
    }
    if (snapLengthBytes < 0 || nameBytes.length > 0xFFFF || description.length > 0xFFFF) {
      throw new IllegalArgumentException(
          "snap length of %s, name of %s bytes or description of %s bytes is not in range"
              .formatted(snapLengthBytes, nameBytes.length, description.length));
    }
    if (interfaces.size() == PcapngReader.MOST_INTERFACES) {
      throw new IOException(
          "cannot write interface %s: the file has %s interfaces, the most"
              .formatted(capture.interfaceName(), PcapngReader.MOST_INTERFACES));
    }
    int options = textBytes(nameBytes) + textBytes(description) + optionBytes(1) + 4;
    output.makeRoom(PcapngFormat.INTERFACE_DESCRIPTION_BYTES + options);
    output.begin(
        PcapngFormat.INTERFACE_DESCRIPTION, PcapngFormat.INTERFACE_DESCRIPTION_BYTES + options);
    output.putShort(linkType);
    output.putShort(0);
    output.putInt(snapLengthBytes);
    putText(PcapngFormat.IF_NAME, nameBytes);
    putText(PcapngFormat.IF_DESCRIPTION, description);
    putOption(PcapngFormat.IF_TSRESOL, 1);
    output.putInt(NANOSECONDS);
    putOption(PcapngFormat.OPTION_END, 0);
    output.end();
    int most = snapLengthBytes == 0 ? RecordReader.maximumSnapLength(linkType) : snapLengthBytes;
    interfaces.add(new Interface(capture, linkType, most));
    return interfaces.size() - 1;
  }

  /**
   * Writes a frame.
   *
   * @param interfaceId what {@link #addInterface} returned
   * @param timestampNanos nanoseconds since 1970 UTC
   * @param originalLength bytes on the wire
   * @param flags bits of {@link FrameFlags}; the format has none for the clock
   * @param lostBefore frames lost between the previous frame and this one
   * @param payload the frame's bytes, {@code length} of them from {@code offset} on
   * @throws IOException if the channel fails, now or before; the message names the file
   * @throws IllegalArgumentException if the interface is not declared or a number is out of range;
   *     the frame then does not count as given
   */
  public void write(
      int interfaceId,
      long timestampNanos,
      int originalLength,
      PacketType type,
      int flags,
      long lostBefore,
      MemorySegment payload,
      long offset,
      int length)
      throws IOException {
    Objects.checkFromIndexSize(offset, length, payload.byteSize());
    beginFrame(interfaceId, timestampNanos, originalLength, lostBefore, length);
    boolean copied = false;
    try {
      MemorySegment.copy(
          payload, ValueLayout.JAVA_BYTE, offset, output.bytes(), output.skip(length), length);
      copied = true;
    } finally {
      endFrame(copied, PcapngFormat.flags(type, flags), lostBefore, length);
    }
  }

  /**
   * Writes a frame, declaring its interface with the link type's largest snap length if none of its
   * capture and link type is declared yet. The payload goes from the block into the buffer in one
   * copy.
   *
   * @throws IOException as the other write
   */
  public void write(Frame frame) throws IOException {
    write(interfaceOf(frame.capture(), frame.linkType()), frame);
  }

  /**
   * Writes a frame as one of a declared interface, whatever its own name: a capture of all
   * interfaces is one interface to the file, as tcpdump has it.
   *
   * @param interfaceId what {@link #addInterface} returned
   * @throws IOException as the other write
   * @throws IllegalArgumentException if the frame is longer than the interface's snap length
   */
  public void write(int interfaceId, Frame frame) throws IOException {
    int length = frame.payloadLength();
    int flags = PcapngFormat.flags(frame.packetType(), frame.flags());
    beginFrame(
        interfaceId, frame.timestampNanos(), frame.originalLength(), frame.lostBefore(), length);
    boolean copied = false;
    try {
      frame.copyPayload(output.bytes(), output.skip(length));
      copied = true;
    } finally {
      endFrame(copied, flags, frame.lostBefore(), length);
    }
  }

  /**
   * Returns the number of a capture's interface, and declares it with the link type's largest snap
   * length if there is none.
   *
   * @throws IOException if the channel fails, or there are too many; see {@link #addInterface}
   */
  public int interfaceOf(CaptureId capture, int linkType) throws IOException {
    if (lastInterface < interfaces.size() && interfaces.get(lastInterface).is(capture, linkType)) {
      return lastInterface;
    }
    for (int id = 0; id < interfaces.size(); id++) {
      if (interfaces.get(id).is(capture, linkType)) {
        lastInterface = id;
        return id;
      }
    }
    try {
      lastInterface = addInterface(capture, linkType, RecordReader.maximumSnapLength(linkType));
    } catch (IOException e) {
      framesGiven++;
      throw e;
    }
    return lastInterface;
  }

  private void beginFrame(
      int interfaceId, long timestampNanos, int originalLength, long lostBefore, int length)
      throws IOException {
    Interface on = declared(interfaceId);
    if (length < 0 || length > on.mostBytes) {
      throw new IllegalArgumentException(
          "frame of %s bytes on interface %s, whose snap length is %s"
              .formatted(length, on.capture.interfaceName(), on.mostBytes));
    }
    if (timestampNanos < 0 || originalLength < 0 || lostBefore < 0) {
      throw new IllegalArgumentException(
          "negative time stamp %s, original length %s or loss %s"
              .formatted(timestampNanos, originalLength, lostBefore));
    }
    framesGiven++;
    int dropOption = lostBefore > 0 ? optionBytes(8) : 0;
    int blockBytes =
        PcapngFormat.ENHANCED_PACKET_BYTES + padded(length) + optionBytes(4) + dropOption + 4;
    output.makeRoom(blockBytes);
    on.sees(timestampNanos);
    output.begin(PcapngFormat.ENHANCED_PACKET, blockBytes);
    output.putInt(interfaceId);
    putTime(timestampNanos);
    output.putInt(length);
    output.putInt(originalLength);
  }

  /** Ends the frame's block, or takes it back where its bytes could not be had. */
  private void endFrame(boolean copied, int flags, long lostBefore, int length) {
    if (!copied) {
      framesGiven--;
      output.abandon();
      return;
    }
    output.pad(length);
    putOption(PcapngFormat.EPB_FLAGS, 4);
    output.putInt(flags);
    if (lostBefore > 0) {
      putOption(PcapngFormat.EPB_DROP_COUNT, 8);
      output.putLong(lostBefore);
    }
    putOption(PcapngFormat.OPTION_END, 0);
    output.end();
  }

  /**
   * Tells what an interface counted. The last figures told are written when the file is closed,
   * with the times of the interface's first and last frame.
   *
   * @param received frames that came in, dropped ones included
   * @param dropped frames dropped for lack of room
   */
  public void writeStatistics(int interfaceId, long received, long dropped) {
    Interface on = declared(interfaceId);
    if (received < 0 || dropped < 0) {
      throw new IllegalArgumentException(
          "negative count of frames: " + received + " received, " + dropped + " dropped");
    }
    on.received = received;
    on.dropped = dropped;
  }

  private void putStatistics(int interfaceId, Interface on) throws IOException {
    int times = on.hasFrames ? 2 * optionBytes(8) : 0;
    int blockBytes = PcapngFormat.INTERFACE_STATISTICS_BYTES + times + 2 * optionBytes(8) + 4;
    output.makeRoom(blockBytes);
    output.begin(PcapngFormat.INTERFACE_STATISTICS, blockBytes);
    output.putInt(interfaceId);
    putTime(on.lastNanos);
    if (on.hasFrames) {
      putOption(PcapngFormat.ISB_START_TIME, 8);
      putTime(on.firstNanos);
      putOption(PcapngFormat.ISB_END_TIME, 8);
      putTime(on.lastNanos);
    }
    putOption(PcapngFormat.ISB_RECEIVED, 8);
    output.putLong(on.received);
    putOption(PcapngFormat.ISB_DROPPED, 8);
    output.putLong(on.dropped);
    putOption(PcapngFormat.OPTION_END, 0);
    output.end();
  }

  private Interface declared(int interfaceId) {
    if (interfaceId < 0 || interfaceId >= interfaces.size()) {
      throw new IllegalArgumentException(
          "interface " + interfaceId + " of " + interfaces.size() + " declared ones");
    }
    return interfaces.get(interfaceId);
  }

  /** Frames whose whole block has reached the channel. */
  public long framesWritten() {
    return output.framesWritten();
  }

  /** Frames given to {@link #write} that will not reach the channel, because it failed. */
  public long framesLost() {
    return output.hasFailed() ? framesGiven - output.framesWritten() : 0;
  }

  /** Writes what is buffered. */
  @Override
  public void flush() throws IOException {
    output.flush();
  }

  /** Writes what is buffered and the interfaces' statistics, and closes the channel. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (PcapngOutput closing = output) {
      if (interfaces.isEmpty()) {
        // libpcap refuses a file without an interface, even one without frames.
        addInterface(CaptureId.on(""), LinkType.ETHERNET, RecordReader.MAXIMUM_SNAP_LENGTH);
      }
      for (int id = 0; id < interfaces.size(); id++) {
        if (interfaces.get(id).received >= 0) {
          putStatistics(id, interfaces.get(id));
        }
      }
      closing.flush();
    }
  }

  /** Time stamps are the one number of 64 bits whose upper half comes first in either order. */
  private void putTime(long timestampNanos) {
    output.putInt((int) (timestampNanos >>> 32));
    output.putInt((int) timestampNanos);
  }

  private void putOption(int code, int length) {
    output.putShort(code);
    output.putShort(length);
  }

  /** Puts an option, unless it is empty. */
  private void putText(int code, byte[] utf8) {
    if (utf8.length == 0) {
      return;
    }
    putOption(code, utf8.length);
    System.arraycopy(utf8, 0, output.bytes(), output.skip(utf8.length), utf8.length);
    output.pad(utf8.length);
  }

  private static int textBytes(byte[] utf8) {
    return utf8.length == 0 ? 0 : optionBytes(utf8.length);
  }

  private static int optionBytes(int valueLength) {
    return 4 + padded(valueLength);
  }

  private static byte[] text(String value) {
    return value.getBytes(StandardCharsets.UTF_8);
  }
}
