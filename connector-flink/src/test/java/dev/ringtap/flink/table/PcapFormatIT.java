package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.flink.source.Restarts;
import dev.ringtap.testkit.Packets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.functions.ScalarFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Capture files by Flink's own file system connector: read, written, and both under failures. */
@Timeout(240)
class PcapFormatIT {
  private static final String FILES = "'connector' = 'filesystem', 'format' = 'pcap', 'path' = '";
  private static final int FRAMES = 40_000;
  private static final int FAILURES = 3;

  private static final AtomicInteger FAILED = new AtomicInteger();

  /** Rows that a run began with after a failure, added. */
  private static final AtomicLong RESUMED_AT = new AtomicLong();

  private static volatile boolean restarted;

  @TempDir Path directory;

  /** True; fails the job at a quarter, at the half and at three quarters. */
  public static final class Failing extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** Takes the frame's number. */
    public boolean eval(Long sequence) throws InterruptedException {
      if (restarted) {
        restarted = false;
        RESUMED_AT.addAndGet(sequence);
      }
      if (sequence % 100 == 0) {
        Thread.sleep(2); // checkpoints come in between
      }
      int failed = FAILED.get();
      if (failed < FAILURES && sequence == (failed + 1L) * FRAMES / (FAILURES + 1)) {
        FAILED.incrementAndGet();
        restarted = true;
        throw new IllegalStateException("failed by the test");
      }
      return true;
    }

    @Override
    public boolean isDeterministic() {
      return false;
    }
  }

  @Test
  void eachFrameIsWrittenOnceThoughTheJobFails() throws Exception {
    Path in =
        PcapFile.writeNumbered(
            Files.createDirectory(directory.resolve("in")).resolve("a.pcap"), FRAMES, 80);
    Path out = directory.resolve("out");
    Configuration configuration = Restarts.of(FAILURES, directory.resolve("state"));
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    env.enableCheckpointing(50);
    StreamTableEnvironment tables = StreamTableEnvironment.create(env);
    tables.createTemporarySystemFunction("failing", Failing.class);
    String columns = "`timestamp` TIMESTAMP_LTZ(9), `sequence` BIGINT, payload BYTES";
    tables.executeSql("CREATE TABLE i (" + columns + ") WITH (" + FILES + in.toUri() + "')");
    tables.executeSql("CREATE TABLE o (" + columns + ") WITH (" + FILES + out.toUri() + "')");
    tables.executeSql("INSERT INTO o SELECT * FROM i WHERE failing(`sequence`)").await();

    assertThat(FAILED).hasValue(FAILURES);
    assertThat(RESUMED_AT.get()).as("rows not read again").isPositive();
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.count()).as("files, one of each checkpoint").isGreaterThan(FAILURES);
    }
    assertThat(Queries.sorted(tables, "SELECT payload, `timestamp` FROM o"))
        .isEqualTo(Queries.sorted(tables, "SELECT payload, `timestamp` FROM i"));
  }

  @Test
  void anArchiveIsPartedByVlan() throws Exception {
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] frame = Packets.frameOfLength(100 + i);
      frames.add(i % 3 == 0 ? frame : Packets.tag(frame, 0x8100, i % 3));
    }
    Path in = PcapFile.write(directory.resolve("in.pcap"), frames);
    Path out = directory.resolve("out");
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(StreamExecutionEnvironment.createLocalEnvironment(1));
    tables.executeSql(
        "CREATE TABLE packets (`timestamp` TIMESTAMP_LTZ(9), host STRING, vlan_id INT, payload"
            + " BYTES) WITH ('connector' = 'ringtap', 'path' = '"
            + in
            + "')");
    tables.executeSql(
        "CREATE TABLE archive (`timestamp` TIMESTAMP_LTZ(9), host STRING, payload BYTES,"
            + " `hour` STRING, vlan STRING) PARTITIONED BY (`hour`, vlan) WITH ("
            + FILES
            + out.toUri()
            + "')");
    tables
        .executeSql(
            "INSERT INTO archive SELECT `timestamp`, host, payload,"
                + " DATE_FORMAT(`timestamp`, 'yyyy-MM-dd-HH'),"
                + " COALESCE(CAST(vlan_id AS STRING), 'none') FROM packets")
        .await();
    assertThat(Queries.sorted(tables, "SELECT `timestamp`, payload, vlan FROM archive"))
        .hasSize(100)
        .isEqualTo(
            Queries.sorted(
                tables,
                "SELECT `timestamp`, payload, COALESCE(CAST(vlan_id AS STRING), 'none')"
                    + " FROM packets"));
    assertThat(Queries.sorted(tables, "SELECT DISTINCT vlan FROM archive"))
        .containsExactly("+I[1]", "+I[2]", "+I[none]");
  }
}
