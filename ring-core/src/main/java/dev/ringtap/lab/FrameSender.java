package dev.ringtap.lab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sends layer-2 frames on an interface, one by one, as they are. For generators of test traffic.
 * Not thread-safe.
 */
public final class FrameSender implements Closeable {
  private static final int LONGEST_FRAME_BYTES = 1 << 17;

  private final PacketSocket socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(LONGEST_FRAME_BYTES, 8);
  private long sent;

  private FrameSender(PacketSocket socket) {
    this.socket = socket;
  }

  /** Opens a sender in the calling thread's network namespace. Needs CAP_NET_RAW. */
  public static FrameSender open(String interfaceName) throws IOException {
    int ifindex = CaptureInterface.named(interfaceName).index();
    PacketSocket socket = PacketSocket.open();
    try {
      socket.bindForSending(ifindex);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
    return new FrameSender(socket);
  }

  /** Skips the interface's queue: faster, but taps on this interface do not see the frames. */
  public FrameSender bypassQueue() throws IOException {
    socket.bypassQdisc();
    return this;
  }

  /**
   * Sends one frame and waits for room in the interface's queue if need be.
   *
   * @param frame from the destination address on, tags in place, without checksum trailer
   */
  public void send(byte[] frame) throws IOException {
    MemorySegment.copy(frame, 0, buffer, JAVA_BYTE, 0, frame.length);
    MemorySegment message = buffer.asSlice(0, frame.length);
    while (true) {
      try {
        socket.send(message);
        sent++;
        return;
      } catch (LinuxException e) {
        if (e.errno() != Errno.ENOBUFS) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  /** Frames sent so far. */
  public long sent() {
    return sent;
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
