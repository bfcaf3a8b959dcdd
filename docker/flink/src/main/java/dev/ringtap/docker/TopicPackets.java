package dev.ringtap.docker;

import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketRecords;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.types.Row;

/**
 * A SQL function: the packets of a Kafka record's value, which the agent wrote, as rows. Columns
 * have the names and types of {@code 'connector' = 'ringtap'}.
 *
 * <pre>CREATE FUNCTION packets_of AS 'dev.ringtap.docker.TopicPackets'</pre>
 */
@FunctionHint(
    output =
        @DataTypeHint(
            "ROW<`timestamp` TIMESTAMP_LTZ(9), host STRING, interface_name STRING,"
                + " original_length INT, ip_src STRING, ip_dst STRING, ip_protocol INT,"
                + " src_port INT, dst_port INT>"))
public final class TopicPackets extends TableFunction<Row> {
  private static final long serialVersionUID = 1;

  private transient PacketRecords records;
  private transient PacketHeaders headers;

  @Override
  public void open(FunctionContext context) {
    records = new PacketRecords();
    headers = new PacketHeaders();
  }

  /** Emits a value's packets. A value that cannot be read fails the job. */
  public void eval(byte[] value) throws IOException {
    for (Packet packet : records.read(value)) {
      ByteBuffer payload = packet.getPayload();
      headers.parse(MemorySegment.ofBuffer(payload), 0, payload.remaining(), packet.getLinkType());
      collect(
          Row.of(
              packet.getTimestamp(),
              packet.getHost(),
              packet.getInterfaceName(),
              packet.getOriginalLength(),
              headers.ipSrc(),
              headers.ipDst(),
              present(headers.ipProtocol()),
              present(headers.srcPort()),
              present(headers.dstPort())));
    }
  }

  private static Integer present(int field) {
    return field < 0 ? null : field;
  }
}
