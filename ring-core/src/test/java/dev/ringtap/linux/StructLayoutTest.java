package dev.ringtap.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Holds every offset, size and number of this package against the C compiler and its headers. */
@Timeout(60)
class StructLayoutTest {
  private static final String HEADERS =
      """
      #include <stddef.h>
      #include <stdio.h>
      #include <poll.h>
      #include <sys/socket.h>
      #include <sys/eventfd.h>
      #include <sys/un.h>
      #include <sys/ioctl.h>
      #include <sched.h>
      #include <net/if.h>
      #include <linux/ethtool.h>
      #include <linux/filter.h>
      #include <linux/if_ether.h>
      #include <linux/if_packet.h>
      #include <linux/net_tstamp.h>
      #include <linux/sockios.h>
      """;

  @Test
  void layoutsAreTheCompilers(@TempDir Path directory) throws Exception {
    Map<String, Long> expected = ours();
    assertThat(compile(directory, HEADERS, expected.keySet())).isEqualTo(new TreeMap<>(expected));
  }

  @Test
  void layoutsOfLibpcapAreTheCompilers(@TempDir Path directory) throws Exception {
    assumeTrue(
        Files.exists(Path.of("/usr/include/pcap/pcap.h")),
        "needs libpcap's headers, of Debian's package libpcap-dev");
    Map<String, Long> all = new LinkedHashMap<>();
    size(all, "struct bpf_program", PcapProgram.BYTES);
    offset(all, "struct bpf_program", "bf_len", PcapProgram.BF_LEN);
    offset(all, "struct bpf_program", "bf_insns", PcapProgram.BF_INSNS);
    size(all, "struct bpf_insn", PcapProgram.BPF_INSN_BYTES);
    offset(all, "struct bpf_insn", "code", PcapProgram.CODE);
    offset(all, "struct bpf_insn", "jt", PcapProgram.JT);
    offset(all, "struct bpf_insn", "jf", PcapProgram.JF);
    offset(all, "struct bpf_insn", "k", PcapProgram.K);
    value(all, "PCAP_ERRBUF_SIZE", Libpcap.PCAP_ERRBUF_SIZE);
    value(all, "DLT_RAW", Libpcap.DLT_RAW);
    String headers = "#include <stddef.h>\n#include <stdio.h>\n#include <pcap/pcap.h>\n";
    assertThat(compile(directory, headers, all.keySet())).isEqualTo(new TreeMap<>(all));
  }

  private static Map<String, Long> ours() {
    Map<String, Long> all = new LinkedHashMap<>();
    size(all, "struct tpacket_block_desc", TpacketBlockDesc.BYTES);
    offset(all, "struct tpacket_block_desc", "version", TpacketBlockDesc.VERSION);
    offset(all, "struct tpacket_block_desc", "offset_to_priv", TpacketBlockDesc.OFFSET_TO_PRIV);
    offset(all, "struct tpacket_block_desc", "hdr.bh1.block_status", TpacketBlockDesc.BLOCK_STATUS);
    offset(all, "struct tpacket_block_desc", "hdr.bh1.num_pkts", TpacketBlockDesc.NUM_PKTS);
    offset(
        all,
        "struct tpacket_block_desc",
        "hdr.bh1.offset_to_first_pkt",
        TpacketBlockDesc.OFFSET_TO_FIRST_PKT);
    offset(all, "struct tpacket_block_desc", "hdr.bh1.blk_len", TpacketBlockDesc.BLK_LEN);
    offset(all, "struct tpacket_block_desc", "hdr.bh1.seq_num", TpacketBlockDesc.SEQ_NUM);
    value(all, "TP_STATUS_KERNEL", TpacketBlockDesc.TP_STATUS_KERNEL);
    value(all, "TP_STATUS_USER", TpacketBlockDesc.TP_STATUS_USER);
    value(all, "TP_STATUS_LOSING", TpacketBlockDesc.TP_STATUS_LOSING);

    size(all, "struct tpacket3_hdr", Tpacket3Hdr.BYTES);
    offset(all, "struct tpacket3_hdr", "tp_next_offset", Tpacket3Hdr.TP_NEXT_OFFSET);
    offset(all, "struct tpacket3_hdr", "tp_sec", Tpacket3Hdr.TP_SEC);
    offset(all, "struct tpacket3_hdr", "tp_nsec", Tpacket3Hdr.TP_NSEC);
    offset(all, "struct tpacket3_hdr", "tp_snaplen", Tpacket3Hdr.TP_SNAPLEN);
    offset(all, "struct tpacket3_hdr", "tp_len", Tpacket3Hdr.TP_LEN);
    offset(all, "struct tpacket3_hdr", "tp_status", Tpacket3Hdr.TP_STATUS);
    offset(all, "struct tpacket3_hdr", "tp_mac", Tpacket3Hdr.TP_MAC);
    offset(all, "struct tpacket3_hdr", "tp_net", Tpacket3Hdr.TP_NET);
    offset(all, "struct tpacket3_hdr", "hv1.tp_rxhash", Tpacket3Hdr.TP_RXHASH);
    offset(all, "struct tpacket3_hdr", "hv1.tp_vlan_tci", Tpacket3Hdr.TP_VLAN_TCI);
    offset(all, "struct tpacket3_hdr", "hv1.tp_vlan_tpid", Tpacket3Hdr.TP_VLAN_TPID);
    offset(all, "struct tpacket3_hdr", "tp_padding", Tpacket3Hdr.TP_PADDING);
    value(all, "TPACKET_ALIGN(1) / 2", Tpacket3Hdr.ALIGNMENT);
    value(all, "TP_STATUS_CSUMNOTREADY", Tpacket3Hdr.TP_STATUS_CSUMNOTREADY);
    value(all, "TP_STATUS_VLAN_VALID", Tpacket3Hdr.TP_STATUS_VLAN_VALID);
    value(all, "TP_STATUS_VLAN_TPID_VALID", Tpacket3Hdr.TP_STATUS_VLAN_TPID_VALID);

    size(all, "struct sockaddr_ll", SockaddrLl.BYTES);
    offset(all, "struct sockaddr_ll", "sll_family", SockaddrLl.SLL_FAMILY);
    offset(all, "struct sockaddr_ll", "sll_protocol", SockaddrLl.SLL_PROTOCOL);
    offset(all, "struct sockaddr_ll", "sll_ifindex", SockaddrLl.SLL_IFINDEX);
    offset(all, "struct sockaddr_ll", "sll_hatype", SockaddrLl.SLL_HATYPE);
    offset(all, "struct sockaddr_ll", "sll_pkttype", SockaddrLl.SLL_PKTTYPE);
    offset(all, "struct sockaddr_ll", "sll_halen", SockaddrLl.SLL_HALEN);
    offset(all, "struct sockaddr_ll", "sll_addr", SockaddrLl.SLL_ADDR);

    size(all, "struct sockaddr_un", SockaddrUn.BYTES);
    offset(all, "struct sockaddr_un", "sun_family", SockaddrUn.SUN_FAMILY);
    offset(all, "struct sockaddr_un", "sun_path", SockaddrUn.SUN_PATH);

    size(all, "struct fanout_args", FanoutArgs.BYTES);
    offset(all, "struct fanout_args", "id", FanoutArgs.ID);
    offset(all, "struct fanout_args", "type_flags", FanoutArgs.TYPE_FLAGS);
    offset(all, "struct fanout_args", "max_num_members", FanoutArgs.MAX_NUM_MEMBERS);
    size(all, "struct tpacket_req3", TpacketReq3.BYTES);
    offset(all, "struct tpacket_req3", "tp_block_size", TpacketReq3.TP_BLOCK_SIZE);
    offset(all, "struct tpacket_req3", "tp_block_nr", TpacketReq3.TP_BLOCK_NR);
    offset(all, "struct tpacket_req3", "tp_frame_size", TpacketReq3.TP_FRAME_SIZE);
    offset(all, "struct tpacket_req3", "tp_frame_nr", TpacketReq3.TP_FRAME_NR);
    offset(all, "struct tpacket_req3", "tp_retire_blk_tov", TpacketReq3.TP_RETIRE_BLK_TOV);
    offset(all, "struct tpacket_req3", "tp_sizeof_priv", TpacketReq3.TP_SIZEOF_PRIV);
    offset(all, "struct tpacket_req3", "tp_feature_req_word", TpacketReq3.TP_FEATURE_REQ_WORD);
    value(all, "TPACKET_V3", TpacketReq3.TPACKET_V3);

    size(all, "struct tpacket_stats_v3", TpacketStatsV3.BYTES);
    offset(all, "struct tpacket_stats_v3", "tp_packets", TpacketStatsV3.TP_PACKETS);
    offset(all, "struct tpacket_stats_v3", "tp_drops", TpacketStatsV3.TP_DROPS);
    offset(all, "struct tpacket_stats_v3", "tp_freeze_q_cnt", TpacketStatsV3.TP_FREEZE_Q_CNT);

    size(all, "struct packet_mreq", PacketMreq.BYTES);
    offset(all, "struct packet_mreq", "mr_ifindex", PacketMreq.MR_IFINDEX);
    offset(all, "struct packet_mreq", "mr_type", PacketMreq.MR_TYPE);
    value(all, "PACKET_MR_PROMISC", PacketMreq.PACKET_MR_PROMISC);

    size(all, "struct hwtstamp_config", HwtstampConfig.BYTES);
    offset(all, "struct hwtstamp_config", "flags", HwtstampConfig.FLAGS);
    offset(all, "struct hwtstamp_config", "tx_type", HwtstampConfig.TX_TYPE);
    offset(all, "struct hwtstamp_config", "rx_filter", HwtstampConfig.RX_FILTER);
    value(all, "HWTSTAMP_TX_OFF", HwtstampConfig.HWTSTAMP_TX_OFF);
    value(all, "HWTSTAMP_FILTER_NONE", HwtstampConfig.HWTSTAMP_FILTER_NONE);
    value(all, "HWTSTAMP_FILTER_ALL", HwtstampConfig.HWTSTAMP_FILTER_ALL);
    value(all, "SIOCSHWTSTAMP", Ifreq.SIOCSHWTSTAMP);
    value(all, "SIOCGHWTSTAMP", Ifreq.SIOCGHWTSTAMP);

    size(all, "struct sock_fprog", SockFprog.BYTES);
    offset(all, "struct sock_fprog", "len", SockFprog.LEN);
    offset(all, "struct sock_fprog", "filter", SockFprog.FILTER);
    size(all, "struct sock_filter", SockFprog.SOCK_FILTER_BYTES);
    offset(all, "struct sock_filter", "code", SockFprog.CODE);
    offset(all, "struct sock_filter", "jt", SockFprog.JT);
    offset(all, "struct sock_filter", "jf", SockFprog.JF);
    offset(all, "struct sock_filter", "k", SockFprog.K);

    size(all, "struct pollfd", Pollfd.BYTES);
    offset(all, "struct pollfd", "fd", Pollfd.FD);
    offset(all, "struct pollfd", "events", Pollfd.EVENTS);
    offset(all, "struct pollfd", "revents", Pollfd.REVENTS);
    value(all, "POLLIN", Libc.POLLIN);

    size(all, "struct ifreq", Ifreq.BYTES);
    offset(all, "struct ifreq", "ifr_name", Ifreq.IFR_NAME);
    offset(all, "struct ifreq", "ifr_flags", Ifreq.IFR_UNION);
    value(all, "IFNAMSIZ", Ifreq.IFNAMSIZ);
    size(all, "struct ethtool_value", Ifreq.ETHTOOL_VALUE_BYTES);
    value(all, "ETHTOOL_GTSO", Ifreq.ETHTOOL_GTSO);
    value(all, "ETHTOOL_GGSO", Ifreq.ETHTOOL_GGSO);
    value(all, "ETHTOOL_GGRO", Ifreq.ETHTOOL_GGRO);
    value(all, "ETHTOOL_GFLAGS", Ifreq.ETHTOOL_GFLAGS);
    value(all, "ETH_FLAG_LRO", Ifreq.ETH_FLAG_LRO);
    value(all, "IFF_UP", Ifreq.IFF_UP);
    value(all, "IFF_RUNNING", Ifreq.IFF_RUNNING);
    value(all, "IFF_PROMISC", Ifreq.IFF_PROMISC);

    value(all, "AF_PACKET", Libc.AF_PACKET);
    value(all, "AF_UNIX", Libc.AF_UNIX);
    value(all, "AF_NETLINK", Libc.AF_NETLINK);
    value(all, "SOCK_RAW", Libc.SOCK_RAW);
    value(all, "SOCK_DGRAM", Libc.SOCK_DGRAM);
    value(all, "SOCK_CLOEXEC", Libc.SOCK_CLOEXEC);
    value(all, "CLONE_NEWNET", Libc.CLONE_NEWNET);
    value(all, "SOL_PACKET", 263);
    value(all, "PACKET_RX_RING", 5);
    value(all, "PACKET_STATISTICS", 6);
    value(all, "PACKET_VERSION", 10);
    value(all, "PACKET_QDISC_BYPASS", 20);
    value(all, "PACKET_IGNORE_OUTGOING", 23);
    value(all, "SO_ATTACH_FILTER", 26);
    value(all, "SIOCETHTOOL", 0x8946);
    value(all, "SIOCGIFNAME", 0x8910);
    value(all, "SKF_AD_OFF + SKF_AD_PROTOCOL", -0x1000);
    value(all, "SKF_AD_OFF + SKF_AD_PKTTYPE", -0x1000 + 4);
    value(all, "SKF_AD_OFF + SKF_AD_IFINDEX", -0x1000 + 8);
    value(all, "SKF_NET_OFF", -0x100000);
    return all;
  }

  private static void size(Map<String, Long> all, String struct, long bytes) {
    value(all, "sizeof(" + struct + ")", bytes);
  }

  private static void offset(Map<String, Long> all, String struct, String field, long bytes) {
    value(all, "offsetof(" + struct + ", " + field + ")", bytes);
  }

  private static void value(Map<String, Long> all, String expression, long value) {
    all.put(expression, value);
  }

  private static Map<String, Long> compile(
      Path directory, String headers, Iterable<String> expressions)
      throws IOException, InterruptedException {
    StringBuilder source =
        new StringBuilder("#define _GNU_SOURCE\n").append(headers).append("int main(void) {\n");
    for (String each : expressions) {
      source.append("printf(\"%s=%ld\\n\", \"" + each + "\", (long)(" + each + "));\n");
    }
    source.append("return 0; }\n");
    Path file = Files.writeString(directory.resolve("layout.c"), source);
    Path program = directory.resolve("layout");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "needs a C compiler at /usr/bin/cc");
    // packet sockets' own alignment of headers is 16; frames lie at multiples of its half
    run("/usr/bin/cc", "-o", program.toString(), file.toString());
    Map<String, Long> result = new TreeMap<>();
    for (String line : run(program.toString())) {
      int at = line.lastIndexOf('=');
      result.put(line.substring(0, at), Long.valueOf(line.substring(at + 1)));
    }
    return result;
  }

  private static List<String> run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = process.inputReader().lines().toList();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(String.join("\n", lines)).isZero();
    return lines;
  }
}
