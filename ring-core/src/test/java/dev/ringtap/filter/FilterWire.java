package dev.ringtap.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.PrivateNetworks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A wire whose captured end frames come in at, with their tags taken off, and go out on. */
final class FilterWire implements AutoCloseable {
  static final int SNAP_LENGTH_BYTES = CaptureOption.MAX_SNAP_LENGTH_BYTES;

  private final PrivateNetwork network;

  private FilterWire(PrivateNetwork network) {
    this.network = network;
  }

  /** Skips the test where none can be made. */
  static FilterWire createOrSkip() throws IOException {
    return new FilterWire(PrivateNetworks.createOrSkip());
  }

  PrivateNetwork network() {
    return network;
  }

  /** A capture with room for all of a test's frames; null keeps all. */
  PacketCapture open(BpfProgram filter) throws IOException {
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.RING_MIB, 4)
            .set(CaptureOption.BLOCK_KIB, 512)
            // nothing is read while frames come: eight blocks must last
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 400)
            .filter(filter)
            .build();
    return network.call(() -> PacketCapture.open(config));
  }

  /** Frames in at the captured end, then as many out of it; one order on all sockets. */
  void send(List<byte[]> frames, PacketCapture all) throws Exception {
    for (String end : new String[] {PrivateNetwork.LEFT, PrivateNetwork.RIGHT}) {
      try (FrameSender sender = network.sender(end)) {
        for (byte[] frame : frames) {
          sender.send(frame);
        }
      }
      Thread.sleep(100);
    }
    assertThat(all.isEnded()).isFalse();
  }

  interface Reader<T> {
    T read(Frame frame);
  }

  static <T> List<T> drain(BlockSource source, Reader<T> reader) throws IOException {
    List<T> all = new ArrayList<>();
    while (!source.isEnded()) {
      try (Block block = source.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          all.add(reader.read(f));
        }
      }
    }
    return all;
  }

  @Override
  public void close() {
    network.close();
  }
}
