package dev.ringtap.capture;

import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Fills one block in the layout of the kernel's ring, so that frames from elsewhere (a capture
 * file, a generator) are walked by the same code as live ones.
 *
 * <pre>{@code
 * builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, 262144);
 * while (... && builder.append(...)) {}
 * try (Block block = builder.build(sequence, lostBefore)) { ... }
 * }</pre>
 *
 * <p>The block's memory is reused: {@link #start} is allowed again after the block was released.
 * Not thread-safe, except for the block, which another thread may release, and for {@link #close}.
 */
public final class BlockBuilder implements AutoCloseable {
  /** Where the kernel puts an Ethernet frame when nothing is reserved: after both headers. */
  private static final int MAC_OFFSET = 82;

  private final BlockMemory memory;
  private final BlockSlot slot;
  private FrameOrigin origin;

  /** The last one, or null. */
  private @Nullable Block block;

  private int frameCount;
  private long lastHeader;
  private long end;
  private long blockNumber;

  private int status;
  private int protocol;
  private int ifindex;
  private int hardwareType;
  private int senderLength;
  private long sender;

  /**
   * @param sizeBytes size of the block
   */
  public BlockBuilder(int sizeBytes) {
    this(BlockMemory.allocate(sizeBytes));
  }

  @SuppressWarnings("NullAway.Init") // start comes first
  BlockBuilder(BlockMemory memory) {
    this.memory = memory;
    slot = new BlockSlot(Block::leaseEnded, memory, 0, 0, memory.segment().byteSize());
  }

  /** Whether the last block was not released yet. For the thread that builds. */
  public boolean isOut() {
    return block != null && block.isLeased();
  }

  /**
   * Starts an empty block.
   *
   * @throws IllegalStateException if the last block is still out
   */
  public void start(CaptureId capture, int linkType, int snapLengthBytes) {
    start(FrameOrigin.of(capture, linkType, snapLengthBytes));
  }

  /**
   * As {@link #start}, for payloads that lie in the block as a whole: a tag beside one does not go
   * back into it.
   */
  public void startWhole(CaptureId capture, int linkType, int snapLengthBytes) {
    start(FrameOrigin.whole(capture, linkType, snapLengthBytes));
  }

  /** As {@link #start}, for frames without their header, as a cooked capture has them. */
  void startCooked(
      CaptureId capture, int linkType, int snapLengthBytes, InterfaceNames frameInterfaces) {
    start(FrameOrigin.cooked(capture, linkType, snapLengthBytes, frameInterfaces));
  }

  private void start(FrameOrigin of) {
    if (isOut()) {
      throw new IllegalStateException("the last block was not released yet");
    }
    origin = of;
    frameCount = 0;
    lastHeader = -1;
    end = TpacketBlockDesc.BYTES;
    sockaddr(0, 0, 0, 0, 0);
    flags(0);
  }

  /** {@link Frame#flags} of the frames that follow; none after {@link #start}. */
  public void flags(int flags) {
    status = TpacketBlockDesc.TP_STATUS_USER | FrameFlags.toStatus(flags);
  }

  /** What the kernel says about the frames that follow; the sender's first byte comes highest. */
  void sockaddr(int protocol, int ifindex, int hardwareType, int senderLength, long sender) {
    this.protocol = protocol;
    this.ifindex = ifindex;
    this.hardwareType = hardwareType;
    this.senderLength = senderLength;
    this.sender = sender;
  }

  /** Bytes that a frame of this many bytes takes in the block. */
  public static int frameSizeBytes(int capturedLength) {
    return align(MAC_OFFSET + capturedLength);
  }

  /** Size of a block that has room for one frame of this many bytes. */
  public static int blockSizeBytes(int capturedLength) {
    return TpacketBlockDesc.BYTES + frameSizeBytes(capturedLength);
  }

  /**
   * Appends a frame.
   *
   * @param timestampNanos nanoseconds since 1970 UTC, up to the year 2106
   * @param originalLength length on the wire, a stripped tag not counted
   * @param vlanTag a tag that lies beside the frame (TPID in the upper, TCI in the lower 16 bits),
   *     0 if there is none; it goes back into Ethernet and {@link LinkType#LINUX_SLL} frames alone
   * @param source the frame's bytes, {@code capturedLength} of them from {@code offset} on
   * @return whether the frame had room; if not, the block is as before
   * @throws IllegalArgumentException if the time does not fit the ring's 32 bits of seconds
   */
  public boolean append(
      long timestampNanos,
      int originalLength,
      PacketType packetType,
      int vlanTag,
      MemorySegment source,
      long offset,
      int capturedLength) {
    MemorySegment memory = this.memory.segment();
    long header = end;
    if (frameSizeBytes(capturedLength) > memory.byteSize() - header) {
      return false;
    }
    long seconds = timestampNanos / 1_000_000_000L;
    if (timestampNanos < 0 || seconds > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException(
          "time stamp of " + timestampNanos + " ns is not between 1970 and 2106");
    }
    int tagStatus =
        vlanTag == 0 ? 0 : Tpacket3Hdr.TP_STATUS_VLAN_VALID | Tpacket3Hdr.TP_STATUS_VLAN_TPID_VALID;
    Tpacket3Hdr.write(
        memory,
        header,
        (int) seconds,
        (int) (timestampNanos % 1_000_000_000L),
        capturedLength,
        originalLength,
        status | tagStatus,
        MAC_OFFSET,
        vlanTag & 0xFFFF,
        vlanTag >>> 16);
    SockaddrLl.write(
        memory,
        header + Tpacket3Hdr.BYTES,
        protocol,
        ifindex,
        hardwareType,
        packetType.ordinal(),
        senderLength,
        sender);
    MemorySegment.copy(source, offset, memory, header + MAC_OFFSET, capturedLength);
    if (lastHeader >= 0) {
      Tpacket3Hdr.setNextOffset(memory, lastHeader, (int) (header - lastHeader));
    }
    lastHeader = header;
    end = header + frameSizeBytes(capturedLength);
    frameCount++;
    return true;
  }

  /** Frames appended since {@link #start}. */
  public int frameCount() {
    return frameCount;
  }

  /** Closes the block and leases it to the caller. */
  public Block build(long firstSequence, long lostBefore) {
    TpacketBlockDesc.write(
        memory.segment(), 0, frameCount, TpacketBlockDesc.BYTES, (int) end, ++blockNumber);
    block = new Block(slot, origin, firstSequence, lostBefore);
    return block;
  }

  /** Frees the memory; a block that is still out turns unreadable. Any thread may. */
  @Override
  public void close() {
    memory.close();
  }

  private static int align(int bytes) {
    return bytes + Tpacket3Hdr.ALIGNMENT - 1 & -Tpacket3Hdr.ALIGNMENT;
  }
}
