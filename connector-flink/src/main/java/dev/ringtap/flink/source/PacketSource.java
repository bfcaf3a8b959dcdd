package dev.ringtap.flink.source;

import java.util.List;
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
 *         .deserializer(new PacketRecordDeserializer())
 *         .build();
 * env.fromSource(source, WatermarkStrategy.forMonotonousTimestamps(), "packets");
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
  private final List<String> paths;
  private final long rangeBytes;
  private final int members;
  private final long limit;
  private final long durationMillis;
  private final PacketDeserializer<T> deserializer;

  PacketSource(
      SplitOpener opener,
      List<String> paths,
      long rangeBytes,
      int members,
      long limit,
      long durationMillis,
      PacketDeserializer<T> deserializer) {
    this.opener = opener;
    this.paths = paths;
    this.rangeBytes = rangeBytes;
    this.members = members;
    this.limit = limit;
    this.durationMillis = durationMillis;
    this.deserializer = deserializer;
  }

  /** Starts a source. */
  public static <T> PacketSourceBuilder<T> builder() {
    return new PacketSourceBuilder<>();
  }

  SplitOpener opener() {
    return opener;
  }

  List<String> paths() {
    return paths;
  }

  long rangeBytes() {
    return rangeBytes;
  }

  long limit() {
    return limit;
  }

  PacketDeserializer<T> deserializer() {
    return deserializer;
  }

  /** A capture that begins now. */
  LiveSplit liveSplit(String host, CaptureRecipe recipe, int member, int fanoutGroup) {
    long end =
        durationMillis == LiveSplit.NO_END
            ? LiveSplit.NO_END
            : System.currentTimeMillis() + durationMillis;
    return new LiveSplit(
        host, recipe.interfaceName(), member, fanoutGroup, end, PacketSplit.Progress.NONE);
  }

  @Override
  public Boundedness getBoundedness() {
    boolean ends =
        opener.isLive()
            ? limit != Long.MAX_VALUE || durationMillis != LiveSplit.NO_END
            : !opener.follows() || limit != Long.MAX_VALUE;
    return ends ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<T, PacketSplit> createReader(SourceReaderContext context) {
    return PacketReader.create(opener, deserializer, limit, context);
  }

  @Override
  public SplitEnumerator<PacketSplit, PacketEnumeratorState> createEnumerator(
      SplitEnumeratorContext<PacketSplit> context) {
    return restoreEnumerator(context, new PacketEnumeratorState(false, 0, List.of()));
  }

  @Override
  public SplitEnumerator<PacketSplit, PacketEnumeratorState> restoreEnumerator(
      SplitEnumeratorContext<PacketSplit> context, PacketEnumeratorState restored) {
    boolean bounded = getBoundedness() == Boundedness.BOUNDED;
    return opener.isLive()
        ? new LiveEnumerator(context, restored, opener, members, durationMillis, bounded)
        : new FileEnumerator(context, restored, paths, rangeBytes, opener.follows(), bounded);
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
