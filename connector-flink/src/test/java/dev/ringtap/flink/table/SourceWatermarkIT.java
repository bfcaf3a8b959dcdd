package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.CaptureLab;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Event time goes on while the filter keeps nothing, and never beyond a frame that comes. */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
@Timeout(120)
class SourceWatermarkIT {
  private static final AtomicInteger SEEN = new AtomicInteger();
  private static final AtomicInteger LATE = new AtomicInteger();

  private CaptureLab lab;

  @BeforeEach
  void createLab() throws Exception {
    lab = CaptureLab.createOrSkip();
    SEEN.set(0);
    LATE.set(0);
  }

  @AfterEach
  void closeLab() {
    if (lab != null) {
      lab.close();
    }
  }

  private static byte[] udp(int port) {
    return Packets.ethernet(Packets.udp("10.1.2.3", 7, "10.2.0.1", port, new byte[20]));
  }

  /** One frame passes the filter, in the kernel or in the reader, and then only others come. */
  private void aWindowEnds(String columns, String condition) throws Exception {
    StreamTableEnvironment tables = PushDownIT.tables();
    tables.executeSql(
        "CREATE TABLE packets (`timestamp` TIMESTAMP_LTZ(3), "
            + columns
            + ", WATERMARK FOR `timestamp` AS SOURCE_WATERMARK()) WITH ('connector' = 'ringtap', "
            + lab.tableOptions()
            + ", 'ring-size' = '4')");
    try (CloseableIterator<Row> windows =
            tables
                .executeSql(
                    "SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE packets, DESCRIPTOR(`timestamp`),"
                        + " INTERVAL '1' SECOND)) WHERE "
                        + condition
                        + " GROUP BY window_start, window_end")
                .collect();
        FrameSender sender = lab.network().sender(PrivateNetwork.LEFT)) {
      lab.awaitOpened(1);
      sender.send(udp(53));
      Thread others =
          new Thread(
              () -> {
                try {
                  while (true) {
                    sender.send(udp(80));
                    Thread.sleep(50);
                  }
                } catch (Exception e) {
                  // the test is over
                }
              });
      others.setDaemon(true);
      others.start();
      try {
        assertThat(windows.hasNext()).isTrue();
        assertThat(windows.next()).isEqualTo(Row.of(1L));
      } finally {
        others.interrupt();
        others.join();
      }
    }
  }

  @Test
  void aWindowEndsWhenTheKernelKeepsNothingMore() throws Exception {
    aWindowEnds("dst_port INT", "dst_port = 53");
  }

  /** A query of the frames' numbers is decided in the reader. */
  @Test
  void aWindowEndsWhenTheReaderKeepsNothingMore() throws Exception {
    aWindowEnds("dst_port INT, `sequence` BIGINT", "dst_port = 53 AND `sequence` >= 0");
  }

  /** Elements are lengths. */
  private static final class Lengths implements PacketDeserializer<Integer> {
    private static final long serialVersionUID = 1;

    @Override
    public Integer deserialize(Frame frame) {
      return frame.originalLength();
    }

    @Override
    public TypeInformation<Integer> getProducedType() {
      return Types.INT;
    }
  }

  /** Counts what comes at or before the watermark. */
  private static final class CountLate extends ProcessFunction<Integer, Integer> {
    private static final long serialVersionUID = 1;

    @Override
    public void processElement(Integer length, Context context, Collector<Integer> out) {
      SEEN.incrementAndGet();
      if (context.timestamp() <= context.timerService().currentWatermark()) {
        LATE.incrementAndGet();
      }
    }
  }

  /** The watermark goes on by the clock between the bursts, which begin at any time. */
  @Test
  void noFrameIsLate() throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
    env.fromSource(
            PacketSource.<Integer>builder()
                .capture(lab.capture().build())
                .sourceWatermarks()
                .deserializer(new Lengths())
                .build(),
            WatermarkStrategy.noWatermarks(),
            "packets")
        .process(new CountLate())
        .returns(Types.INT)
        .sinkTo(new DiscardingSink<>());
    JobClient job = env.executeAsync();
    try (FrameSender sender = lab.network().sender(PrivateNetwork.LEFT)) {
      lab.awaitOpened(1);
      Random random = new Random(1);
      for (int burst = 0; burst < 60; burst++) {
        for (int i = random.nextInt(30); i >= 0; i--) {
          sender.send(udp(53));
        }
        Thread.sleep(random.nextInt(120));
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (SEEN.get() < sender.sent() && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(SEEN.get()).isEqualTo((int) sender.sent());
      assertThat(LATE.get()).isZero();
    } finally {
      job.cancel().get();
    }
  }
}
