package dev.ringtap.flink.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** The bytes of the enumerator's state in checkpoints. Thread-safe. */
final class PacketEnumeratorStateSerializer
    implements SimpleVersionedSerializer<PacketEnumeratorState> {
  static final PacketEnumeratorStateSerializer INSTANCE = new PacketEnumeratorStateSerializer();

  private static final int VERSION = 1;
  private static final int INITIAL_BYTES = 256;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(PacketEnumeratorState state) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(INITIAL_BYTES);
    out.writeBoolean(state.planned());
    out.writeInt(state.fanoutGroup());
    out.writeInt(state.unassigned().size());
    for (PacketSplit split : state.unassigned()) {
      PacketSplitSerializer.write(out, split);
    }
    return out.getCopyOfBuffer();
  }

  @Override
  public PacketEnumeratorState deserialize(int version, byte[] serialized) throws IOException {
    PacketSplitSerializer.requireVersion("enumerator", version);
    DataInputDeserializer in = new DataInputDeserializer(serialized);
    boolean planned = in.readBoolean();
    int fanoutGroup = in.readInt();
    int count = in.readInt();
    List<PacketSplit> unassigned = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      unassigned.add(PacketSplitSerializer.read(in));
    }
    return new PacketEnumeratorState(planned, fanoutGroup, unassigned);
  }
}
