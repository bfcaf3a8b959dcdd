package dev.ringtap.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * tcpdump's expressions on a virtual wire: the kernel keeps for us what it keeps for tcpdump.
 * Frames come in on the captured end, where the kernel takes their tags off, and go out on it with
 * the tags inside.
 */
@Timeout(120)
class ExpressionIT {
  private static final int BATCH = 16;

  /** From pcap-filter(7) and its examples. */
  private static final List<String> EXPRESSIONS =
      List.of(
          "",
          "vlan",
          "vlan 100",
          "vlan 200",
          "vlan 100 and udp",
          "vlan 100 and vlan 200",
          "vlan 300 and vlan 301",
          "vlan and vlan",
          "vlan and vlan and tcp",
          "vlan 100 and vlan 200 and udp port 53",
          "not vlan",
          "not vlan 100",
          "vlan or udp port 53",
          "udp port 53 or vlan",
          "vlan 100 or vlan 200",
          "vlan and ip host 10.0.0.1",
          "vlan and ip6 and tcp",
          "vlan and arp",
          "vlan 100 and ether[12:2] = 0x0800",
          "vlan 100 and ip[8] > 10",
          "vlan and len > 200",
          "ip",
          "ip6",
          "arp",
          "ether proto 0x88b5",
          "ether proto 0x8100",
          "ether proto \\ip6",
          "ether broadcast",
          "ether multicast",
          "ip multicast",
          "ip6 multicast",
          "ip broadcast",
          "ether host 02:00:00:00:00:01",
          "ether src 02:00:00:00:00:02",
          "ether dst 02:00:00:00:00:02 and tcp",
          "inbound",
          "outbound",
          "inbound and vlan",
          "outbound and vlan",
          "outbound and vlan 100 and udp",
          "not outbound and tcp",
          "tcp",
          "udp",
          "icmp",
          "icmp6",
          "ip proto 50",
          "ip6 proto 17",
          "ip6 proto 44",
          "port 53",
          "udp port 53",
          "udp src port 53",
          "tcp dst port 443",
          "tcp port 80 or tcp port 443",
          "portrange 5000-6000",
          "udp portrange 1-1023",
          "src portrange 40000-65535",
          "host 10.0.0.1",
          "src host 10.0.0.1",
          "dst host 10.0.0.2 and udp",
          "host 2001:db8::1",
          "net 10.0.0.0/8",
          "net 198.51.100.0/25",
          "src net 198.51.100.128 mask 255.255.255.128",
          "ip6 net 2001:db8::/64",
          "not net 10",
          "tcp[tcpflags] & tcp-syn != 0",
          "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
          "tcp[tcpflags] == tcp-syn|tcp-ack",
          "tcp[13] & 7 != 0 and not src and dst net 10.0.0.0/8",
          "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
          "ether[0] & 1 = 0",
          "ether[0] & 1 = 0 and ip[16] >= 224",
          "ip[0] & 0xf != 5",
          "ip[6:2] & 0x1fff != 0",
          "ip[6:2] & 0x1fff = 0 and udp",
          "icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply",
          "icmp[icmptype] = icmp-echo",
          "icmp6[icmp6type] = icmp6-echo",
          "udp[4:2] > 100",
          "ip6[6] = 6",
          "ip[ip[0] & 0xf] & 1 = 1",
          "len > 200",
          "len <= 60",
          "greater 500",
          "less 60",
          "len - 14 > 46",
          "icmp or icmp6",
          "mpls",
          "mpls 1000 and ip",
          "pppoes and ip",
          "stp",
          "llc",
          "igmp or ip proto ospf",
          "tcp or udp and not port 53",
          "not (tcp or udp)",
          "(tcp or udp) and ip6",
          "ip and len * 2 > 300 and udp[0:2] % 2 = 1",
          "ether[12:2] ^ 0x0800 = 0",
          "tcp[12] >> 4 > 5",
          "ether[len - 1] = 0");

  @TempDir Path directory;

  private long compileNanos;

  private FilterWire wire;

  @BeforeEach
  void createWire() throws IOException {
    wire = FilterWire.createOrSkip();
  }

  @AfterEach
  void closeWire() {
    if (wire != null) {
      wire.close();
    }
  }

  private static byte[] payload(Frame frame) {
    byte[] payload = frame.payload();
    return payload;
  }

  @Test
  void expressionsKeepWhatTcpdumpKeeps() throws Exception {
    Requirements.programs("tcpdump");
    assertThat(EXPRESSIONS).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(60);
    List<byte[]> frames = FilterTraffic.frames(new Random(3));
    long equal = 0;
    int selective = 0;
    List<String> different = new ArrayList<>();
    for (int from = 0; from < EXPRESSIONS.size(); from += BATCH) {
      List<String> batch = EXPRESSIONS.subList(from, Math.min(EXPRESSIONS.size(), from + BATCH));
      List<List<byte[]>> ours = new ArrayList<>();
      List<List<byte[]>> theirs = runBeside(batch, frames, ours);
      for (int i = 0; i < batch.size(); i++) {
        List<byte[]> mine = ours.get(i);
        List<byte[]> tcpdumps = theirs.get(i);
        // libpcap filters the first slot of its ring itself and knows no direction there
        boolean missesFirst = batch.get(i).contains("bound") && tcpdumps.size() < mine.size();
        List<byte[]> expected = missesFirst ? mine.subList(1, mine.size()) : mine;
        if (!Arrays.deepEquals(expected.toArray(), tcpdumps.toArray())) {
          different.add(
              batch.get(i)
                  + ": "
                  + mine.size()
                  + " frames, tcpdump "
                  + tcpdumps.size()
                  + "; "
                  + Files.readString(directory.resolve(i + ".err")));
        }
        equal += tcpdumps.size();
        selective += mine.isEmpty() || mine.size() == 2 * frames.size() ? 0 : 1;
      }
    }
    assertThat(different).isEmpty();
    System.out.printf(
        "%d expressions x %d frames as in tcpdump: %d frames kept, byte for byte;"
            + " %d ms for a compilation%n",
        EXPRESSIONS.size(),
        2 * frames.size(),
        equal,
        compileNanos / EXPRESSIONS.size() / 1_000_000);
    assertThat(selective).as("expressions that keep some").isGreaterThan(EXPRESSIONS.size() - 5);
  }

  private List<List<byte[]>> runBeside(
      List<String> expressions, List<byte[]> frames, List<List<byte[]>> ours) throws Exception {
    List<Process> tcpdumps = new ArrayList<>();
    List<PacketCapture> captures = new ArrayList<>();
    List<List<byte[]>> theirs = new ArrayList<>();
    try (PacketCapture all = wire.open(null)) {
      for (int i = 0; i < expressions.size(); i++) {
        String expression = expressions.get(i);
        long start = System.nanoTime();
        BpfProgram program =
            wire.network()
                .call(
                    () ->
                        FilterCompiler.system()
                            .compileLive(
                                expression,
                                PrivateNetwork.RIGHT,
                                LinkType.ETHERNET,
                                FilterWire.SNAP_LENGTH_BYTES));
        compileNanos += System.nanoTime() - start;
        captures.add(wire.open(program));
        tcpdumps.add(tcpdump(expression, i));
      }
      for (int i = 0; i < expressions.size(); i++) {
        awaitListening(directory.resolve(i + ".err"));
      }
      wire.send(frames, all);
      for (PacketCapture each : captures) {
        each.stop();
      }
      for (int i = 0; i < expressions.size(); i++) {
        ours.add(FilterWire.drain(captures.get(i), ExpressionIT::payload));
        long size = 24 + ours.get(i).stream().mapToLong(frame -> 16 + frame.length).sum();
        awaitSize(directory.resolve(i + ".pcap"), size);
      }
      // a frame too many would have come by now
      Thread.sleep(100);
    } finally {
      for (PacketCapture each : captures) {
        each.close();
      }
      for (Process each : tcpdumps) {
        each.destroy();
      }
      for (Process each : tcpdumps) {
        assertThat(each.waitFor(10, TimeUnit.SECONDS)).isTrue();
      }
    }
    for (int i = 0; i < expressions.size(); i++) {
      try (CaptureFile file = CaptureFile.open(directory.resolve(i + ".pcap"))) {
        theirs.add(FilterWire.drain(file, ExpressionIT::payload));
      }
    }
    return theirs;
  }

  private Process tcpdump(String expression, int number) throws IOException {
    Files.deleteIfExists(directory.resolve(number + ".err"));
    return wire.network()
        .call(
            () ->
                new ProcessBuilder(
                        "tcpdump",
                        // frames at once, and a ring with room for all of them
                        "--immediate-mode",
                        "-s",
                        "2000",
                        "-B",
                        "4096",
                        "-U",
                        "-Z",
                        "root",
                        "-i",
                        PrivateNetwork.RIGHT,
                        "-w",
                        "-",
                        expression)
                    .redirectOutput(directory.resolve(number + ".pcap").toFile())
                    .redirectError(directory.resolve(number + ".err").toFile())
                    .start());
  }

  private static void awaitListening(Path errors) throws Exception {
    for (int i = 0; i < 500; i++) {
      if (Files.readString(errors).contains("listening on")) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("tcpdump does not listen: " + Files.readString(errors));
  }

  private static void awaitSize(Path file, long size) throws Exception {
    for (int i = 0; i < 250 && Files.size(file) < size; i++) {
      Thread.sleep(20);
    }
  }
}
