package dev.ringtap.bench.live;

import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.TimestampPrecision;
import org.pcap4j.core.PcapNetworkInterface.PromiscuousMode;
import org.pcap4j.core.RawPacketListener;

/** pcap4j, without its packet objects: what it hands over is a byte array for each frame. */
final class Pcap4jSource implements JavaReader.Source {
  private static final int FOR_EVER = -1;

  private final PcapHandle handle;

  Pcap4jSource(String interfaceName) throws Exception {
    handle =
        new PcapHandle.Builder(interfaceName)
            .snaplen(JavaReader.SNAP_LENGTH_BYTES)
            .promiscuousMode(PromiscuousMode.PROMISCUOUS)
            .timeoutMillis(JavaReader.RETIRE_TIMEOUT_MILLIS)
            .bufferSize(JavaReader.RING_BYTES)
            .timestampPrecision(TimestampPrecision.NANO)
            .build();
  }

  @Override
  public void read(JavaReader.Counts counts) throws Exception {
    RawPacketListener listener = packet -> counts.add(1, packet.length);
    handle.loop(FOR_EVER, listener);
  }

  @Override
  public long dropped() throws Exception {
    return handle.getStats().getNumPacketsDropped();
  }
}
