package dev.ringtap.flink.table;

import java.util.Random;

/**
 * Conditions of SQL over the columns of {@link PushDownIT#table}, nested at random: those that the
 * connector takes over, and those that look like them. None fails on a frame.
 */
final class RandomPredicates {
  private static final String[] NUMBERS = {
    "vlan_id",
    "vlan_tpid",
    "vlan_priority",
    "vlan_inner_id",
    "ether_type",
    "ip_version",
    "ip_protocol",
    "src_port",
    "dst_port",
    "tcp_flags",
    "ttl",
    "arp_operation",
    "icmp_type",
    "icmp_code",
    "tcp_window",
    "l4_payload_length",
    "payload_length",
    "original_length",
    "flags"
  };
  private static final String[] TEXTS = {
    "ip_src",
    "ip_dst",
    "eth_src",
    "eth_dst",
    "packet_type",
    "host",
    "interface_name",
    "community_id"
  };

  /** 309 is 53 in a TINYINT, 60000 is negative in a SMALLINT. */
  private static final String[] NUMBER_VALUES = {
    "-1",
    "0",
    "1",
    "2",
    "4",
    "6",
    "17",
    "53",
    "100",
    "101",
    "309",
    "443",
    "1000",
    "2048",
    "5353",
    "33024",
    "34525",
    "60000",
    "65535",
    "65536",
    "5000000000"
  };

  /** Of the conversation of 10.0.0.1, port 9, and 10.2.0.1, port 53. */
  private static final String COMMUNITY_ID = "1:sXWCLX9cyHVBeH8p4zMbaW22nbY=";

  private static final String[] TEXT_VALUES = {
    "10.1.2.3",
    "10.2.0.1",
    "10.1",
    "10.01.2.3",
    "2001:db8::1",
    "2001:DB8::1",
    "192.168.0.1",
    "02:00:00:00:00:07",
    "02:00:00:00:00:01",
    "FF:FF:FF:FF:FF:FF",
    "BROADCAST",
    "HOST",
    "HO",
    "frames.pcap",
    COMMUNITY_ID,
    "10.1.2.3  ",
    "",
    "53"
  };

  private static final String[] PATTERNS = {
    "10.%",
    "10.1.%",
    "10.2.0.%",
    "300.%",
    "010.%",
    "10.1%",
    "%.3",
    "192.168.0.1",
    "10.1.2._",
    "2001:%",
    "02:%",
    "BROAD%",
    "%"
  };

  private static final String[] SUBNETS = {
    "10.1.0.0/16", "10.1.2.3", "192.168.0.0/30", "0.0.0.0/0", "2001:db8::/32", "::/0"
  };

  private static final String[] NUMBER_TYPES = {
    "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL(12, 2)", "DOUBLE"
  };

  private static final String[] TEXT_TYPES = {
    "STRING", "VARCHAR(2)", "VARCHAR(8)", "VARCHAR(100)", "CHAR(8)", "CHAR(40)"
  };

  private static final String[] COMPARISONS = {"=", "<>", "<", "<=", ">", ">="};

  private final Random random;

  RandomPredicates(long seed) {
    random = new Random(seed);
  }

  String next() {
    return condition(0);
  }

  private String one(String... of) {
    return of[random.nextInt(of.length)];
  }

  private boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  private String condition(int depth) {
    return switch (random.nextInt(depth < 3 ? 16 : 9)) {
      case 0, 1, 2 -> comparison(number(depth), number(NUMBER_VALUES, "INT", depth));
      case 3 -> comparison(text(depth), text(TEXT_VALUES, "STRING", depth));
      case 4 -> membership(depth);
      case 5 -> {
        String low = number(NUMBER_VALUES, "INT", depth);
        yield number(depth) + not() + " BETWEEN " + low + " AND " + one(NUMBER_VALUES);
      }
      case 6 -> text(depth) + not() + " LIKE " + quoted(one(PATTERNS));
      case 7 ->
          (oneIn(2) ? number(depth) : text(depth)) + " IS" + (oneIn(2) ? " NOT" : "") + " NULL";
      case 8 ->
          oneIn(3)
              ? one("vlan_drop_eligible", "hardware_clock", "checksum_not_ready", "merged")
              : "insubnet(" + one("ip_src", "ip_dst") + ", " + quoted(one(SUBNETS)) + ")";
      case 9 -> "NOT (" + condition(depth + 1) + ")";
      case 10 -> "(" + condition(depth + 1) + ") IS " + one("TRUE", "NOT TRUE", "FALSE", "UNKNOWN");
      case 11 ->
          "CASE WHEN "
              + condition(depth + 1)
              + " THEN "
              + condition(depth + 1)
              + " ELSE "
              + one("TRUE", "FALSE", "CAST(NULL AS BOOLEAN)", condition(depth + 1))
              + " END";
      case 12 -> "COALESCE(" + condition(depth + 1) + ", " + one("TRUE", "FALSE") + ")";
      default ->
          "(" + condition(depth + 1) + ") " + one("AND", "OR") + " (" + condition(depth + 1) + ")";
    };
  }

  private String not() {
    return oneIn(3) ? " NOT" : "";
  }

  private String comparison(String left, String right) {
    String operator = one(COMPARISONS);
    return oneIn(4) ? right + " " + operator + " " + left : left + " " + operator + " " + right;
  }

  private String membership(int depth) {
    StringBuilder values = new StringBuilder();
    boolean numbers = oneIn(2);
    for (int i = random.nextInt(4); i >= 0; i--) {
      values.append(numbers ? one(NUMBER_VALUES) : quoted(one(TEXT_VALUES)));
      values.append(i == 0 ? "" : ", ");
    }
    if (oneIn(6)) {
      values.append(numbers ? ", CAST(NULL AS INT)" : ", CAST(NULL AS STRING)");
    }
    return (numbers ? number(depth) : text(depth)) + not() + " IN (" + values + ")";
  }

  /** A column, or what is made of it. */
  private String number(int depth) {
    String column = one(NUMBERS);
    return switch (random.nextInt(depth < 3 ? 14 : 10)) {
      case 0, 1, 2 -> "CAST(" + column + " AS " + one(NUMBER_TYPES) + ")";
      case 3 -> column + one(" + 1", " - 1", " * 2", " / 2", " * 40000", " + " + one(NUMBERS));
      case 10 ->
          "CASE WHEN "
              + condition(depth + 1)
              + " THEN "
              + column
              + " ELSE "
              + one(one(NUMBERS), "53", "CAST(NULL AS INT)")
              + " END";
      case 11 -> "COALESCE(" + column + ", " + one(one(NUMBERS), "53", "-1") + ")";
      case 12 -> "NULLIF(" + column + ", 53)";
      case 13 -> "CAST(" + number(depth + 1) + " AS " + one(NUMBER_TYPES) + ")";
      default -> column;
    };
  }

  /** A column, or what is made of it. */
  private String text(int depth) {
    String column = one(TEXTS);
    return switch (random.nextInt(depth < 3 ? 14 : 10)) {
      case 0, 1, 2 -> "CAST(" + column + " AS " + one(TEXT_TYPES) + ")";
      case 3 -> one("UPPER(" + column + ")", "SUBSTRING(" + column + ", 1, 8)", column + " || ''");
      case 10 ->
          "CASE WHEN "
              + condition(depth + 1)
              + " THEN "
              + column
              + " ELSE "
              + one(one(TEXTS), "'10.1.2.3'", "CAST(NULL AS STRING)")
              + " END";
      case 11 -> "COALESCE(" + column + ", " + one(one(TEXTS), "'10.1.2.3'") + ")";
      case 12 -> "NULLIF(" + column + ", '10.1.2.3')";
      case 13 -> "CAST(" + text(depth + 1) + " AS " + one(TEXT_TYPES) + ")";
      default -> column;
    };
  }

  private String number(String[] values, String type, int depth) {
    return constant(one(values), number(depth + 1), type, NUMBER_TYPES, depth);
  }

  private String text(String[] values, String type, int depth) {
    return constant(quoted(one(values)), text(depth + 1), type, TEXT_TYPES, depth);
  }

  private String constant(String value, String other, String type, String[] types, int depth) {
    return switch (random.nextInt(12)) {
      case 0 -> "CAST(NULL AS " + type + ")";
      case 1 -> depth < 3 ? other : value;
      case 2, 3 -> "CAST(" + value + " AS " + one(types) + ")";
      default -> value;
    };
  }

  private static String quoted(String text) {
    return "'" + text + "'";
  }
}
