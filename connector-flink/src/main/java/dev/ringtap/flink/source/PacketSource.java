package dev.ringtap.flink.source;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SupportsSplitReassignmentOnRecovery;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Layer-2 packets as a Flink source: live from Linux's packet ring, or from capture files.
 *
 * <pre>{@code
 * PacketSource<Packet> source =
 *     PacketSource.<Packet>builder()
 *         .interfaceName("eth0")
 *         .filter("udp port 53")
 *         .sourceWatermarks()
 *         .deserializer(new PacketRecordDeserializer())
 *         .build();
 * env.fromSource(source, WatermarkStrategy.noWatermarks(), "packets");
 * }</pre>
 *
 * <p>Event time is the packet's, in ms. Live capture is at most once between wire and ring: frames
 * that the kernel drops, and those of the time between a failure and the restore, are not seen.
 * Capture files are read exactly once. Immutable and serializable.
 *
 * @param <T> element of the stream
 */
public final class PacketSource<T>
    implements Source<T, PacketSplit, PacketEnumeratorState>,
        ResultTypeQueryable<T>,
        SupportsSplitReassignmentOnRecovery {
  private static final long serialVersionUID = 1;

  private final SplitOpener opener;
  private final FileListing listing;
  private final LiveTerms terms;
  private final PacketDeserializer<T> deserializer;

  PacketSource(
      SplitOpener opener,
      FileListing listing,
      LiveTerms terms,
      PacketDeserializer<T> deserializer) {
    this.opener = opener;
    this.listing = listing;
    this.terms = terms;
    this.deserializer = deserializer;
  }

  /** Starts a source. */
  public static <T> PacketSourceBuilder<T> builder() {
    return new PacketSourceBuilder<>();
  }

  SplitOpener opener() {
    return opener;
  }

  FileListing listing() {
    return listing;
  }

  LiveTerms terms() {
    return terms;
  }

  PacketDeserializer<T> deserializer() {
    return deserializer;
  }

  @Override
  public Boundedness getBoundedness() {
    boolean ends =
        opener.isLive()
            ? terms.bounded()
            : !listing.discovers() && (!opener.follows() || terms.bounded());
    return ends ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<T, PacketSplit> createReader(SourceReaderContext context) {
    return PacketReader.create(opener, deserializer, terms.limit(), context);
  }

  @Override
  public SplitEnumerator<PacketSplit, PacketEnumeratorState> createEnumerator(
      SplitEnumeratorContext<PacketSplit> context) {
    return restoreEnumerator(context, PacketEnumeratorState.none());
  }

  @Override
  public SplitEnumerator<PacketSplit, PacketEnumeratorState> restoreEnumerator(
      SplitEnumeratorContext<PacketSplit> context, PacketEnumeratorState restored) {
    boolean bounded = getBoundedness() == Boundedness.BOUNDED;
    return opener.isLive()
        ? new LiveEnumerator(context, restored, opener, terms)
        : new FileEnumerator(context, restored, listing, bounded);
  }

  @Override
  public SimpleVersionedSerializer<PacketSplit> getSplitSerializer() {
    return PacketSplitSerializer.INSTANCE;
  }

  @Override
  public SimpleVersionedSerializer<PacketEnumeratorState> getEnumeratorCheckpointSerializer() {
    return PacketEnumeratorStateSerializer.INSTANCE;
  }

  @Override
  public TypeInformation<T> getProducedType() {
    return deserializer.getProducedType();
  }
}
