package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.PrivateNetworks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two holders on a ring of two blocks under load. While one reads, the other closes the earlier
 * lease of the same slot again, which must not let the kernel write over what is read.
 */
@Timeout(300)
class StaleLeaseIT {
  private static final int ROUNDS = Integer.getInteger("ringtap.rounds", 1000);
  private static final int NUMBER_AT = 14;

  /** More than go out between two looks of a reader that is not descheduled. */
  private static final int FRAMES_UNDER_READER = 50;

  @AutoClose private PrivateNetwork network;
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private volatile long sent;
  private volatile boolean done;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  @AfterEach
  void endThreads() throws InterruptedException {
    done = true;
    threads.shutdown();
    assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  /** Numbers the frames, in every second eight bytes of them. */
  private void sendUntilDone(FrameSender sender) {
    ByteBuffer frame = ByteBuffer.allocate(200).put(0, (byte) 2).put(12, (byte) 8);
    try (sender) {
      for (int number = 0; !done; number++) {
        for (int at = NUMBER_AT; at + Integer.BYTES <= frame.capacity(); at += Long.BYTES) {
          frame.putInt(at, number);
        }
        sender.send(frame.array());
        sent = number + 1L;
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aLateSecondCloseReleasesNoBlockUnderItsReader() throws Exception {
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.RING_MIB, 2)
            .set(CaptureOption.BLOCK_KIB, 1024)
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 1)
            .build();
    try (PacketCapture capture = network.call(() -> PacketCapture.open(config))) {
      FrameSender sender = network.sender(PrivateNetwork.LEFT);
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> sendUntilDone(sender), threads);
      Map<BlockSlot, Block> earlier = new HashMap<>();
      long following = 0;
      for (int round = 0; round < ROUNDS; ) {
        Block block = capture.poll(1000);
        if (block == null) {
          continue;
        }
        Block old = earlier.put(block.slot(), block);
        CompletableFuture<Void> late =
            CompletableFuture.runAsync(
                () -> {
                  if (old != null) {
                    old.close();
                  }
                },
                threads);
        List<ByteView> frames = new ArrayList<>();
        Frame frame;
        while ((frame = block.next()) != null) {
          frames.add(new ByteView().show(frame));
        }
        // the kernel drops between blocks alone
        long first = number(frames.get(0));
        assertThat(first).isGreaterThanOrEqualTo(following);
        following = first + frames.size();
        late.get(10, TimeUnit.SECONDS);
        long before = sent;
        while (sent < before + FRAMES_UNDER_READER && !sending.isDone()) {
          Thread.onSpinWait();
        }
        for (int i = 0; i < frames.size(); i++) {
          assertThat(number(frames.get(i))).isEqualTo(first + i);
        }
        // the other holder releases it, for the first time and for the second
        CompletableFuture.runAsync(block::close, threads).get(10, TimeUnit.SECONDS);
        block.close();
        round += old == null ? 0 : 1;
      }
      done = true;
      sending.get(20, TimeUnit.SECONDS);
      capture.stop();
      while (!capture.isEnded()) {
        // to its end, for the account
        Block block = capture.poll(100);
        if (block != null) {
          block.close();
        }
      }
      CaptureStatistics all = capture.statistics();
      assertThat(all.offered()).isEqualTo(sent).isEqualTo(all.captured() + all.droppedByKernel());
    }
  }

  /** The number that the frame has in all its places. */
  private static long number(ByteView frame) {
    long number = frame.unsignedInt(NUMBER_AT);
    for (int at = NUMBER_AT; at + Integer.BYTES <= frame.length(); at += Long.BYTES) {
      if (frame.unsignedInt(at) != number) {
        return -1;
      }
    }
    return number;
  }
}
