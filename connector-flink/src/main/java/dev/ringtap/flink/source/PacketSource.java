package dev.ringtap.flink.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.DynamicParallelismInference;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SupportsSplitReassignmentOnRecovery;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.lineage.DefaultLineageDataset;
import org.apache.flink.streaming.api.lineage.LineageDataset;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.apache.flink.streaming.api.lineage.SourceLineageVertex;
import org.apache.flink.util.FlinkRuntimeException;

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
        DynamicParallelismInference,
        LineageVertexProvider,
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

  /**
   * Estimates how many frames capture files have, from their lengths and first frames.
   *
   * @param paths files, and directories whose files are meant
   * @return a negative number if one of them is compressed
   * @throws IOException if one cannot be read or is no capture file
   */
  public static long estimateFrames(List<Path> paths) throws IOException {
    return FileListing.estimateFrames(paths);
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

  /**
   * Readers of a batch job whose parallelism is not set: one for each split of the files. A live
   * capture is to have one on every host, so that it takes all.
   */
  @Override
  public int inferParallelism(Context context) {
    int most = context.getParallelismInferenceUpperBound();
    if (opener.isLive()) {
      return most;
    }
    try {
      return Math.clamp(listing.estimateSplits(), 1, most);
    } catch (IOException e) {
      throw new FlinkRuntimeException(FileListing.unreadable(e), e);
    }
  }

  /**
   * Datasets are the paths of files, in the namespace {@code file}, or the interfaces, in {@code
   * ringtap://HOST}, without a host if it is every host with a reader.
   */
  @Override
  public SourceLineageVertex getLineageVertex() {
    List<LineageDataset> datasets = new ArrayList<>();
    listing.paths().forEach(path -> datasets.add(dataset("file", path)));
    opener
        .captures()
        .forEach(
            (host, configs) ->
                configs.forEach(
                    config -> datasets.add(dataset("ringtap://" + host, config.interfaceName()))));
    return new Lineage(getBoundedness(), datasets);
  }

  private static LineageDataset dataset(String namespace, String name) {
    return new DefaultLineageDataset(name, namespace, Map.of());
  }

  private record Lineage(Boundedness boundedness, List<LineageDataset> datasets)
      implements SourceLineageVertex {}

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
