package dev.ringtap.flink.table;

import dev.ringtap.file.PcapngWriter;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.table.data.RowData;

/** Writes rows into one pcapng file, whose stream Flink closes. */
final class PcapRowWriter implements BulkWriter<RowData> {
  private final RowPackets packets;
  private final PcapngWriter writer;
  private final FSDataOutputStream out;

  PcapRowWriter(FSDataOutputStream out, RowPackets packets) {
    this.out = out;
    this.packets = packets;
    this.writer = new PcapngWriter(Channels.newChannel(new Unclosed(out)));
  }

  @Override
  public void addElement(RowData row) throws IOException {
    Packet packet = packets.packet(row);
    int id = writer.interfaceOf(PacketFields.capture(packet), packet.getLinkType());
    PacketFields.write(writer, id, packet);
  }

  @Override
  public void flush() throws IOException {
    writer.flush();
    out.flush();
  }

  @Override
  public void finish() throws IOException {
    writer.close();
    out.flush();
  }

  /** A stream that is left open. */
  private static final class Unclosed extends OutputStream {
    private final OutputStream out;

    Unclosed(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      out.write(value);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }
  }
}
