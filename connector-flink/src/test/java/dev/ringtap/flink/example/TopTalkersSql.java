package dev.ringtap.flink.example;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/** The host that sends most on each VLAN, every five seconds, in SQL. */
public final class TopTalkersSql {
  private TopTalkersSql() {}

  /** An interface and seconds; nothing for made-up traffic. */
  public static void main(String[] arguments) throws Exception {
    try (ExampleTraffic traffic = ExampleTraffic.start(arguments)) {
      StreamTableEnvironment tables =
          StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment());
      tables.getConfig().set("table.exec.source.idle-timeout", "5 s");
      tables.executeSql(
          "CREATE TABLE packets (`timestamp` TIMESTAMP_LTZ(3), vlan_id INT, ip_src STRING, ip_version INT,"
              + " original_length INT, WATERMARK FOR `timestamp` AS SOURCE_WATERMARK())"
              + " WITH ('connector' = 'ringtap', "
              + traffic.tableOptions()
              + ", 'duration' = '"
              + traffic.duration().toSeconds()
              + " s')");
      tables
          .executeSql(
              "SELECT window_start, vlan_id, ip_src, sent_bytes FROM ("
                  + " SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, vlan_id"
                  + "   ORDER BY sent_bytes DESC) AS place FROM ("
                  + "  SELECT window_start, window_end, vlan_id, ip_src, SUM(original_length) AS sent_bytes"
                  + "  FROM TABLE(TUMBLE(TABLE packets, DESCRIPTOR(`timestamp`), INTERVAL '5' SECONDS))"
                  + "  WHERE ip_version = 4 GROUP BY window_start, window_end, vlan_id, ip_src))"
                  + " WHERE place = 1")
          .print();
    }
  }
}
