package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a user gets to read who got a table's definition wrong. */
@Timeout(60)
class PacketTableFactoryTest {
  private static void explain(String columns, String options) {
    StreamTableEnvironment tables = PushDownIT.tables();
    tables.executeSql(
        "CREATE TABLE t (" + columns + ") WITH ('connector' = 'ringtap'" + options + ")");
    tables.explainSql("SELECT * FROM t");
  }

  @Test
  void allColumnsMayBeThere() {
    StringBuilder columns = new StringBuilder();
    for (PacketColumn column : PacketColumn.values()) {
      columns.append(columns.isEmpty() ? "" : ", ");
      columns.append('`').append(column.columnName()).append("` ").append(column.typeName());
    }
    explain(columns.toString(), ", 'interface' = 'eth0'");
  }

  @Test
  void anUnknownColumnIsAnsweredWithAllThatThereAre() {
    assertThatThrownBy(() -> explain("ip_source STRING", ", 'interface' = 'eth0'"))
        .hasStackTraceContaining("no column 'ip_source'; there are: `timestamp` TIMESTAMP_LTZ(9)")
        .hasStackTraceContaining("`ip_src` STRING")
        .hasStackTraceContaining("`payload` BYTES");
  }

  @Test
  void aWrongTypeIsAnsweredWithTheRightOne() {
    assertThatThrownBy(() -> explain("vlan_id STRING", ", 'interface' = 'eth0'"))
        .hasStackTraceContaining("declared as STRING; it is INT, and may be NULL");
    assertThatThrownBy(() -> explain("vlan_id INT NOT NULL", ", 'interface' = 'eth0'"))
        .hasStackTraceContaining("it is INT, and may be NULL");
    assertThatThrownBy(() -> explain("payload BINARY(5)", ", 'interface' = 'eth0'"))
        .hasStackTraceContaining("it is BYTES");
  }

  @Test
  void optionsOutsideTheirLimitsAreSaid() {
    assertThatThrownBy(
            () -> explain("vlan_id INT", ", 'interface' = 'eth0', 'snap-length' = '300000'"))
        .hasStackTraceContaining("snap-length is '300000'; expected a whole number of bytes");
    assertThatThrownBy(() -> explain("vlan_id INT", ", 'interface' = 'eth0', 'direction' = 'up'"))
        .hasStackTraceContaining("direction is 'up'; expected in or out or inout");
    assertThatThrownBy(() -> explain("vlan_id INT", ""))
        .hasStackTraceContaining("needs either 'interface' or 'path'");
  }

  @Test
  void anAddressIsShownAsColumnsShowIt() {
    assertThat(Subnet.parse("2001:DB8:0:0::1").text()).isEqualTo("2001:db8::1");
    assertThat(Subnet.parse("10.1.2.3").text()).isEqualTo("10.1.2.3");
    assertThatThrownBy(() -> Subnet.parse("10.1.2.3/33")).hasMessageContaining("0 to 32 bits");
    assertThatThrownBy(() -> Subnet.parse("example.org")).hasMessageContaining("no IP address");
    assertThat(new InSubnet().eval("10.0.255.255", "10.1.0.0/15")).isTrue();
    assertThat(new InSubnet().eval("10.0.255.255", "10.1.0.0/16")).isFalse();
    assertThat(new InSubnet().eval("10.0.0.1", "10.0.0.0/31")).isTrue();
    assertThat(new InSubnet().eval("::ffff:10.0.0.1", "10.0.0.0/31")).isFalse();
    assertThat(new InSubnet().eval("10.0.0.256", "10.0.0.0/31")).isNull();
    assertThat(new InSubnet().eval(null, "10.0.0.0/31")).isNull();
  }
}
