package dev.ringtap.flink.source;

import dev.ringtap.file.FileRange;
import dev.ringtap.flink.source.PacketSplit.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** The bytes of a split in checkpoints and on the wire. Thread-safe. */
final class PacketSplitSerializer implements SimpleVersionedSerializer<PacketSplit> {
  static final PacketSplitSerializer INSTANCE = new PacketSplitSerializer();

  private static final int VERSION = 1;
  private static final int LIVE = 0;
  private static final int FILE = 1;
  private static final int INITIAL_BYTES = 128;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(PacketSplit split) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(INITIAL_BYTES);
    write(out, split);
    return out.getCopyOfBuffer();
  }

  @Override
  public PacketSplit deserialize(int version, byte[] serialized) throws IOException {
    requireVersion("split", version, VERSION);
    return read(new DataInputDeserializer(serialized));
  }

  static void requireVersion(String what, int version, int latest) throws IOException {
    if (version != latest) {
      throw new IOException(
          ("%s of version %s in the state; this build of Ringtap reads version %s: restore"
                  + " with the build that wrote it, or start without that state")
              .formatted(what, version, latest));
    }
  }

  static void write(DataOutputSerializer out, PacketSplit split) throws IOException {
    Progress progress = split.progress();
    out.writeByte(split instanceof LiveSplit ? LIVE : FILE);
    out.writeLong(progress.nextSequence());
    out.writeLong(progress.emitted());
    out.writeLong(progress.lostBefore());
    if (split instanceof LiveSplit live) {
      out.writeUTF(live.host());
      out.writeUTF(live.interfaceName());
      out.writeInt(live.member());
      out.writeInt(live.groupAndOwner());
      out.writeLong(live.endMillis());
    } else {
      FileSplit file = (FileSplit) split;
      out.writeUTF(file.path());
      out.writeLong(file.startBytes());
      out.writeLong(file.range().startBytes());
      out.writeLong(file.range().endBytes());
      out.writeLong(file.range().firstFrame());
      out.writeInt(file.range().sectionBlockOffsets().size());
      for (long offset : file.range().sectionBlockOffsets()) {
        out.writeLong(offset);
      }
    }
  }

  static PacketSplit read(DataInputDeserializer in) throws IOException {
    int kind = in.readByte();
    Progress progress = new Progress(in.readLong(), in.readLong(), in.readLong());
    if (kind == LIVE) {
      return new LiveSplit(
          in.readUTF(), in.readUTF(), in.readInt(), in.readInt(), in.readLong(), progress);
    }
    if (kind != FILE) {
      throw new IOException("split of kind " + kind + " in the state; expected 0 or 1");
    }
    String path = in.readUTF();
    long begin = in.readLong();
    long start = in.readLong();
    long end = in.readLong();
    long firstFrame = in.readLong();
    int count = in.readInt();
    List<Long> sectionBlockOffsets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sectionBlockOffsets.add(in.readLong());
    }
    return new FileSplit(
        path, begin, new FileRange(start, end, firstFrame, sectionBlockOffsets), progress);
  }
}
