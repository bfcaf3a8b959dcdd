package dev.ringtap.capture;

import dev.ringtap.linux.TpacketBlockDesc;

/**
 * A place that holds one block after another.
 *
 * @param owner the side that gets its blocks back
 * @param memory where it lies, with the other slots of its ring
 * @param index its number in the ring
 * @param start offset of its first byte
 * @param sizeBytes its size
 */
record BlockSlot(Block.Owner owner, BlockMemory memory, int index, long start, long sizeBytes) {
  /** Whether the kernel has filled the slot and not got it back yet. */
  boolean isClosed() {
    return (TpacketBlockDesc.statusAcquire(memory.segment(), start)
            & TpacketBlockDesc.TP_STATUS_USER)
        != 0;
  }

  /** Whether the kernel had dropped frames that no statistics told yet when it closed the block. */
  boolean isLosing() {
    return (TpacketBlockDesc.status(memory.segment(), start) & TpacketBlockDesc.TP_STATUS_LOSING)
        != 0;
  }

  /** Frames of a closed block. */
  long storedFrames() {
    return Integer.toUnsignedLong(TpacketBlockDesc.numPkts(memory.segment(), start));
  }

  /** Lets the kernel write to the memory again. */
  void release() {
    TpacketBlockDesc.setStatusRelease(memory.segment(), start, TpacketBlockDesc.TP_STATUS_KERNEL);
  }
}
