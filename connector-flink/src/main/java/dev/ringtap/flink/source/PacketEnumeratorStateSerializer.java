package dev.ringtap.flink.source;

import dev.ringtap.file.FileFingerprint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** The bytes of the enumerator's state in checkpoints. Thread-safe. */
final class PacketEnumeratorStateSerializer
    implements SimpleVersionedSerializer<PacketEnumeratorState> {
  static final PacketEnumeratorStateSerializer INSTANCE = new PacketEnumeratorStateSerializer();

  /** Version 1 had a fanout group in place of the end, the finished splits and the files. */
  private static final int WITH_FANOUT_GROUP = 1;

  private static final int VERSION = 2;
  private static final int INITIAL_BYTES = 256;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(PacketEnumeratorState state) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(INITIAL_BYTES);
    out.writeBoolean(state.planned());
    out.writeLong(state.endMillis());
    out.writeInt(state.finished().size());
    for (String splitId : state.finished()) {
      out.writeUTF(splitId);
    }
    out.writeInt(state.files().size());
    for (Map.Entry<String, FileFingerprint> file : state.files().entrySet()) {
      out.writeUTF(file.getKey());
      out.writeInt(file.getValue().bytes());
      out.writeInt(file.getValue().checksum());
    }
    out.writeInt(state.unassigned().size());
    for (PacketSplit split : state.unassigned()) {
      PacketSplitSerializer.write(out, split);
    }
    return out.getCopyOfBuffer();
  }

  @Override
  public PacketEnumeratorState deserialize(int version, byte[] serialized) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(serialized);
    if (version == WITH_FANOUT_GROUP) {
      boolean planned = in.readBoolean();
      in.readInt();
      return new PacketEnumeratorState(
          planned, LiveSplit.NO_END, new TreeSet<>(), new TreeMap<>(), readSplits(in));
    }
    PacketSplitSerializer.requireVersion("enumerator", version, VERSION);
    boolean planned = in.readBoolean();
    long endMillis = in.readLong();
    TreeSet<String> finished = new TreeSet<>();
    for (int left = in.readInt(); left > 0; left--) {
      finished.add(in.readUTF());
    }
    TreeMap<String, FileFingerprint> files = new TreeMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      files.put(in.readUTF(), new FileFingerprint(in.readInt(), in.readInt()));
    }
    return new PacketEnumeratorState(planned, endMillis, finished, files, readSplits(in));
  }

  private static List<PacketSplit> readSplits(DataInputDeserializer in) throws IOException {
    List<PacketSplit> splits = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      splits.add(PacketSplitSerializer.read(in));
    }
    return splits;
  }
}
