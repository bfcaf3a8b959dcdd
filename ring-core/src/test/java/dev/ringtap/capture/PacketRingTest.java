package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.linux.TpacketBlockDesc;
import dev.ringtap.linux.TpacketStatsV3;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ring's account, with a kernel whose counters wrap or cannot be read when a test says so. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PacketRingTest {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 4;
  private static final long WRAP = 1L << 32;

  private final BlockMemory blocks = BlockMemory.allocate(BLOCKS * BLOCK_BYTES);
  private final MemorySegment memory = blocks.segment();
  private final Kernel kernel = new Kernel();
  private final PacketRing ring =
      new PacketRing(
          FrameOrigin.of(CaptureId.on("eth0"), LinkType.ETHERNET, 100),
          0,
          null,
          kernel,
          blocks,
          BLOCK_BYTES);

  @AfterEach
  void close() {
    ring.close();
  }

  @Test
  void countersThatWrappedSinceTheLastReadLoseNoFrame() throws Exception {
    kernel.fill(10);
    try (Block block = ring.leaseNext()) {
      assertThat(block.frameCount()).isEqualTo(10);
    }
    kernel.fill(20);
    kernel.drop(WRAP - 7);
    CaptureStatistics statistics = ring.statisticsNow();
    assertThat(statistics.droppedByKernel()).isEqualTo(WRAP - 7);
    assertThat(statistics.offered()).isEqualTo(30 + WRAP - 7);
    ring.end();
    assertThat(ring.isNextReady()).as("the queue is there at the end").isTrue();
    ring.leaseNext().close();
    assertThat(ring.isDrained()).isTrue();
    assertThat(ring.statistics().captured()).isEqualTo(30);
    assertThat(ring.statistics().waiting()).isZero();
  }

  /** A reader that stalls reads nothing, and the kernel's counters go on. */
  @Test
  void countersAreReadWhileTheReaderStalls() throws Exception {
    RingWatch.add(ring);
    try {
      assertThat(kernel.reads.await(50, TimeUnit.SECONDS)).isTrue();
    } finally {
      RingWatch.remove(ring);
    }
  }

  @Test
  void aBlockWhoseLeaseFailedIsTheNextOne() throws Exception {
    kernel.drop(5);
    kernel.fill(10);
    kernel.broken = true;
    assertThatThrownBy(ring::leaseNext).hasMessage("counters");
    assertThat(ring.hasBlocksOut()).isFalse();
    kernel.broken = false;
    for (int round = 0; round < BLOCKS; round++) {
      assertThat(ring.isNextReady()).isTrue();
      try (Block block = ring.leaseNext()) {
        assertThat(block.slot().index()).isEqualTo(round);
        assertThat(block.firstSequence()).isEqualTo(10 * round);
        assertThat(block.lostBefore()).isEqualTo(round == 0 ? 5 : 0);
      }
      kernel.fill(10);
    }
  }

  /** The kernel waits for the oldest block, also when all others are free again. */
  @Test
  void aLossBehindBlocksReleasedOutOfTurnStandsWhereItHappened() throws Exception {
    Block[] blocks = new Block[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      kernel.fill(10);
      blocks[i] = ring.leaseNext();
    }
    for (int i = BLOCKS - 1; i > 0; i--) {
      blocks[i].close();
    }
    kernel.drop(5);
    blocks[0].close();
    for (int i = 0; i < BLOCKS; i++) {
      kernel.fill(10);
    }
    kernel.drop(7);
    for (int i = 0; i < BLOCKS; i++) {
      try (Block block = ring.leaseNext()) {
        assertThat(block.lostBefore()).isEqualTo(i == 0 ? 5 : 0);
      }
    }
    kernel.fill(10);
    assertThat(ring.leaseNext().lostBefore()).isEqualTo(7);
    CaptureStatistics statistics = ring.statisticsNow();
    assertThat(statistics.offered()).isEqualTo(90 + 12);
    assertThat(statistics.droppedByKernel()).isEqualTo(12);
  }

  private void takes(long... lostBefore) throws Exception {
    for (long each : lostBefore) {
      try (Block block = ring.leaseNext()) {
        assertThat(block.lostBefore()).isEqualTo(each);
      }
    }
  }

  /** A read clears the kernel's mark: the block that it fills by then closes without one. */
  @Test
  void aLossThatIsReadBeforeTheNextBlockClosesStandsBeforeThatBlock() throws Exception {
    kernel.fill(10);
    kernel.fill(10);
    kernel.drop(3);
    ring.statisticsNow();
    kernel.fill(10);
    takes(0, 0, 3);
  }

  @Test
  void aLossThatIsReadWhileItsMarkedBlockWaitsStandsBeforeThatBlock() throws Exception {
    kernel.fill(10);
    kernel.drop(3);
    kernel.fill(10);
    ring.statisticsNow();
    kernel.fill(10);
    takes(0, 3, 0);
  }

  @Test
  void aLossThatIsReadWhileTheRingIsFullStandsAfterAllItsBlocks() throws Exception {
    for (boolean taken : new boolean[] {false, true}) {
      for (int i = 0; i < BLOCKS; i++) {
        kernel.fill(10);
      }
      Block oldest = taken ? ring.leaseNext() : null;
      kernel.drop(5);
      ring.statisticsNow();
      if (taken) {
        oldest.close();
      } else {
        takes(0);
      }
      kernel.fill(10);
      takes(0, 0, 0, 5);
      for (int i = 1; i < BLOCKS; i++) {
        kernel.fill(10);
        takes(0);
      }
    }
  }

  @Test
  void aLossThatIsForgottenWasNotPlacedEither() throws Exception {
    kernel.fill(10);
    kernel.drop(3);
    ring.statisticsNow();
    ring.forgetDrops();
    kernel.drop(2);
    kernel.fill(10);
    takes(0, 2);
    assertThat(ring.statisticsNow().droppedByKernel()).isEqualTo(2);
  }

  @Test
  void aSecondReleaseDoesNotFreeTheNextLeaseOfItsSlot() throws Exception {
    Block[] old = new Block[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      kernel.fill(1);
      old[i] = ring.leaseNext();
      old[i].close();
    }
    for (int i = 0; i < BLOCKS; i++) {
      kernel.fill(1);
      Block block = ring.leaseNext();
      assertThat(block.slot()).isEqualTo(old[i].slot());
      old[i].close();
      ring.release(old[i]);
      assertThat(block.slot().isClosed()).as("the memory is the reader's").isTrue();
      assertThat(block.firstSequence()).isEqualTo(BLOCKS + i);
    }
  }

  /** Fills blocks in their order, and counts as the kernel does, in 32 bits. */
  private final class Kernel implements PacketRing.Counters {
    private final CountDownLatch reads = new CountDownLatch(3);
    private int next;
    private long packets;
    private long drops;
    private boolean losing;
    private boolean broken;

    synchronized void fill(int frames) {
      long start = (long) next * BLOCK_BYTES;
      assertThat(TpacketBlockDesc.status(memory, start)).isZero();
      TpacketBlockDesc.write(memory, start, frames, TpacketBlockDesc.BYTES, BLOCK_BYTES, 1);
      int losses = losing ? TpacketBlockDesc.TP_STATUS_LOSING : 0;
      TpacketBlockDesc.setStatusRelease(memory, start, TpacketBlockDesc.TP_STATUS_USER | losses);
      packets += frames;
      next = (next + 1) % BLOCKS;
    }

    synchronized void drop(long frames) {
      packets += frames;
      drops += frames;
      losing = true;
    }

    @Override
    public synchronized TpacketStatsV3 read() {
      if (broken) {
        throw new IllegalStateException("counters");
      }
      TpacketStatsV3 since = new TpacketStatsV3(packets % WRAP, drops % WRAP, 0);
      packets = 0;
      drops = 0;
      losing = false;
      reads.countDown();
      return since;
    }
  }
}
