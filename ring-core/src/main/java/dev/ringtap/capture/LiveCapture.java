package dev.ringtap.capture;

import dev.ringtap.filter.BpfProgram;

/** A source that captures on an interface: {@link PacketCapture} and {@link ReopeningCapture}. */
public interface LiveCapture extends BlockSource {
  /** Names this capture in records and reports; the interface may be {@code any}. */
  CaptureId capture();

  /**
   * Changes the filter; any thread may. Every block that is taken afterwards has only frames that
   * the new filter keeps, those that the ring held by then included, and no frame is lost that both
   * filters keep. A snap length shorter than what the new filter looks at can make it refuse a
   * frame that was in the ring. Frames that are refused there do not count as offered.
   *
   * @param filter the new one; null keeps all
   * @throws IllegalStateException if the filter was not opened as changeable, or the capture is
   *     closed
   * @throws CaptureException if the kernel does not take the filter; the old one stays then
   */
  void setFilter(BpfProgram filter) throws CaptureException;

  /**
   * As {@link #setFilter(BpfProgram)}, and changes the snap length with it. Frames that the ring
   * held by then are cut to it where they are longer.
   *
   * @param snapLengthBytes the new one, as {@link CaptureOption#SNAP_LENGTH_BYTES}
   */
  void setFilter(BpfProgram filter, int snapLengthBytes) throws CaptureException;

  /**
   * How full the ring is: the part of its blocks that the kernel has filled and not got back, from
   * 0 to 1. At 1 it drops. 0 if there is no ring. Any thread may ask.
   */
  double ringFill();

  /** The interface's state by now, asked of the kernel. Any thread may ask. */
  InterfaceState interfaceState();
}
