package dev.ringtap.filter;

import static dev.ringtap.packet.Packets.bytes;
import static dev.ringtap.packet.Packets.echo;
import static dev.ringtap.packet.Packets.ethernet;
import static dev.ringtap.packet.Packets.tag;
import static dev.ringtap.packet.Packets.tcp;
import static dev.ringtap.packet.Packets.udp;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.lab.PrivateNetworks;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.packet.Packets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
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
 * Filters on a virtual wire. Frames come in on the captured end, where the kernel takes their tags
 * off, and go out on it with the tags inside.
 */
@Timeout(120)
class FilterIT {
  private static final int SNAP_LENGTH_BYTES = CaptureOption.MAX_SNAP_LENGTH_BYTES;
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

  private PrivateNetwork network;
  private long compileNanos;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  @AfterEach
  void closeNetwork() {
    if (network != null) {
      network.close();
    }
  }

  private static List<byte[]> traffic(Random random) {
    List<byte[]> plain = new ArrayList<>();
    for (String[] pair :
        new String[][] {
          {"10.0.0.1", "10.0.0.2"}, {"2001:db8::1", "2001:db8::2"}, {"198.51.100.7", "10.0.0.1"}
        }) {
      String a = pair[0];
      String b = pair[1].contains(":") == a.contains(":") ? pair[1] : pair[0];
      plain.add(ethernet(udp(a, 40000, b, 53, bytes(40))));
      plain.add(ethernet(udp(b, 53, a, 40000, bytes(400))));
      plain.add(ethernet(udp(a, 5000, b, 5353, bytes(1000))));
      for (int flags : new int[] {2, 18, 16, 24, 17, 4}) {
        plain.add(ethernet(tcp(a, 40001, b, flags % 4 == 0 ? 80 : 443, flags, bytes(flags))));
      }
      plain.add(ethernet(tcp(a, 22, b, 80, 16, 1, 2, new byte[12], bytes(3))));
      plain.add(ethernet(echo(a, b, true, 1, 1, bytes(56))));
      plain.add(ethernet(echo(a, b, false, 1, 1, bytes(56))));
      plain.add(ethernet(Packets.ip(a, b, 50, bytes(30))));
      if (!a.contains(":")) {
        plain.add(ethernet(Packets.ip(a, "224.0.0.5", 89, bytes(44))));
        plain.add(ethernet(Packets.ip(a, "224.0.0.22", 2, bytes(8))));
        plain.add(ethernet(Packets.icmp(a, b, 3, 1, bytes(32))));
        plain.add(ethernet(Packets.ipv4(a, b, 17, 9, 0, new byte[8], bytes(40))));
      }
      for (byte[] fragment : Packets.fragments(udp(a, 1, b, 53, bytes(500)), 128)) {
        plain.add(ethernet(fragment));
      }
    }
    String everybody = "ff:ff:ff:ff:ff:ff";
    byte[] arp = Packets.arp(1, Packets.MAC_1, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
    plain.add(ethernet(Packets.MAC_1, everybody, 0x0806, arp));
    byte[] toAll = udp("10.0.0.1", 67, "255.255.255.255", 68, bytes(300));
    plain.add(ethernet(Packets.MAC_1, everybody, 0x0800, toAll));
    byte[] toGroup = udp("10.0.0.1", 5353, "224.0.0.251", 5353, bytes(20));
    plain.add(ethernet(Packets.MAC_1, "01:00:5e:00:00:fb", 0x0800, toGroup));
    byte[] toGroup6 = udp("2001:db8::1", 5353, "ff02::fb", 5353, bytes(20));
    plain.add(ethernet(Packets.MAC_1, "33:33:00:00:00:fb", 0x86DD, toGroup6));
    byte[] label = {0x00, 0x3E, (byte) 0x81, 64};
    byte[] inner = udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(9));
    plain.add(ethernet(0x8847, Packets.concat(label, inner)));
    byte[] session = {0x11, 0, 0, 1, 0, 39, 0, 0x21};
    plain.add(ethernet(0x8864, Packets.concat(session, inner)));
    byte[] spanningTree = new byte[46];
    Arrays.fill(spanningTree, 0, 2, (byte) 0x42);
    spanningTree[2] = 3;
    plain.add(ethernet(Packets.MAC_1, "01:80:c2:00:00:00", 38, spanningTree));
    plain.add(ethernet(0x88B5, bytes(46)));

    List<byte[]> all = new ArrayList<>(plain);
    for (byte[] frame : plain) {
      int tpid = frame[12] == 8 ? 0x8100 : 0x88A8;
      all.add(tag(frame, tpid, random.nextInt(8) << 13 | 100));
      all.add(tag(tag(frame, 0x8100, 200), random.nextBoolean() ? 0x8100 : 0x88A8, 100));
    }
    for (int i = 0; i < 10; i++) {
      byte[] frame = plain.get(random.nextInt(plain.size()));
      all.add(tag(frame, 0x8100, 0));
      all.add(tag(frame, 0x8100, 200));
      all.add(tag(tag(tag(frame, 0x8100, 5), 0x8100, 301), 0x8100, 300));
    }
    for (int i = 0; i < 150; i++) {
      all.add(Packets.frame(random));
    }
    return all;
  }

  private PacketCapture open(BpfProgram filter) throws IOException {
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.RING_MIB, 4)
            .set(CaptureOption.BLOCK_KIB, 512)
            // nothing is read while frames come: eight blocks must last
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 400)
            .filter(filter)
            .build();
    return network.call(() -> PacketCapture.open(config));
  }

  /** Frames in at the captured end, then as many out of it; one order on all sockets. */
  private void send(List<byte[]> frames, PacketCapture all) throws Exception {
    for (String end : new String[] {PrivateNetwork.LEFT, PrivateNetwork.RIGHT}) {
      try (FrameSender sender = network.sender(end)) {
        for (byte[] frame : frames) {
          sender.send(frame);
        }
      }
      Thread.sleep(100);
    }
    assertThat(all.isEnded()).isFalse();
  }

  private interface Reader<T> {
    T read(Frame frame);
  }

  private static <T> List<T> drain(BlockSource source, Reader<T> reader) throws IOException {
    List<T> all = new ArrayList<>();
    while (!source.isEnded()) {
      try (Block block = source.take(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          all.add(reader.read(f));
        }
      }
    }
    return all;
  }

  private static byte[] payload(Frame frame) {
    byte[] payload = new byte[frame.payloadLength()];
    frame.copyPayload(MemorySegment.ofArray(payload), 0);
    return payload;
  }

  @Test
  void expressionsKeepWhatTcpdumpKeeps() throws Exception {
    requireTcpdump();
    assertThat(EXPRESSIONS).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(60);
    List<byte[]> frames = traffic(new Random(3));
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
    try (PacketCapture all = open(null)) {
      for (int i = 0; i < expressions.size(); i++) {
        String expression = expressions.get(i);
        long start = System.nanoTime();
        BpfProgram program =
            network.call(
                () ->
                    FilterCompiler.system()
                        .compileLive(expression, PrivateNetwork.RIGHT, SNAP_LENGTH_BYTES));
        compileNanos += System.nanoTime() - start;
        captures.add(open(program));
        tcpdumps.add(tcpdump(expression, i));
      }
      for (int i = 0; i < expressions.size(); i++) {
        awaitListening(directory.resolve(i + ".err"));
      }
      send(frames, all);
      for (PacketCapture each : captures) {
        each.stop();
      }
      for (int i = 0; i < expressions.size(); i++) {
        ours.add(drain(captures.get(i), FilterIT::payload));
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
        theirs.add(drain(file, FilterIT::payload));
      }
    }
    return theirs;
  }

  private static void requireTcpdump() throws InterruptedException {
    boolean installed = false;
    try {
      installed = new ProcessBuilder("tcpdump", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      // said below
    }
    assumeTrue(installed, "needs tcpdump, of Debian's package tcpdump");
  }

  private Process tcpdump(String expression, int number) throws IOException {
    Files.deleteIfExists(directory.resolve(number + ".err"));
    return network.call(
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

  /** A frame as the kernel's filter sees it. */
  private record Seen(
      byte[] bytes,
      int wireLength,
      int packetType,
      int tag,
      int etherType,
      int ifindex,
      long networkOffset)
      implements Ancillary {
    static Seen of(Frame frame, int ifindex) {
      byte[] bytes =
          frame.memory().asSlice(frame.dataOffset(), frame.capturedLength()).toArray(JAVA_BYTE);
      int stripped = frame.payloadLength() - frame.capturedLength();
      return new Seen(
          bytes,
          frame.originalLength() - stripped,
          frame.packetType().ordinal(),
          stripped == 0 ? 0 : frame.vlanTag(),
          frame.protocol(),
          ifindex,
          networkOffset(frame));
    }

    /** As the ring's header says it, which stands where its own offsets are right. */
    private static long networkOffset(Frame frame) {
      int net = 96;
      for (int macBytes = 0; macBytes <= 28; macBytes++) {
        long header = frame.dataOffset() + macBytes - net;
        if (header % Tpacket3Hdr.ALIGNMENT == 0
            && Tpacket3Hdr.mac(frame.memory(), header) == net - macBytes
            && Tpacket3Hdr.net(frame.memory(), header) == net) {
          return macBytes;
        }
      }
      throw new AssertionError("no header before the frame");
    }

    @Override
    public long linkOffset() {
      return 0;
    }

    @Override
    public long value(int which) {
      switch (which) {
        case Bpf.AD_PROTOCOL:
          return etherType;
        case Bpf.AD_PKTTYPE:
          return packetType;
        case Bpf.AD_IFINDEX:
          return ifindex;
        case Bpf.AD_VLAN_TAG:
          return tag & 0xFFFF;
        case Bpf.AD_VLAN_TAG_PRESENT:
          return tag == 0 ? 0 : 1;
        case Bpf.AD_VLAN_TPID:
          return tag >>> 16;
        default:
          return Ancillary.UNKNOWN;
      }
    }
  }

  @Test
  void interpreterDecidesAsTheKernel() throws Exception {
    Random random = new Random(5);
    int ifindex = network.call(() -> CaptureInterface.named(PrivateNetwork.RIGHT).index());
    long runs = 0;
    long kept = 0;
    for (int round = 0; round < 4; round++) {
      List<byte[]> frames = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        frames.add(Packets.frame(random));
      }
      List<BpfProgram> programs = new ArrayList<>();
      List<PacketCapture> captures = new ArrayList<>();
      try (PacketCapture all = open(null)) {
        for (int i = 0; i < 60; i++) {
          BpfProgram program =
              RandomProgram.next(
                  random,
                  Bpf.AD_PROTOCOL,
                  Bpf.AD_PKTTYPE,
                  Bpf.AD_IFINDEX,
                  Bpf.AD_VLAN_TAG,
                  Bpf.AD_VLAN_TAG_PRESENT,
                  Bpf.AD_VLAN_TPID);
          programs.add(program);
          captures.add(open(program));
        }
        send(frames, all);
        for (PacketCapture each : captures) {
          each.stop();
        }
        all.stop();
        List<Seen> seen = drain(all, frame -> Seen.of(frame, ifindex));
        assertThat(seen).hasSize(2 * frames.size());
        for (int i = 0; i < programs.size(); i++) {
          BpfInterpreter interpreter = new BpfInterpreter(programs.get(i));
          List<byte[]> expected = new ArrayList<>();
          for (Seen each : seen) {
            int length = each.bytes.length;
            MemorySegment memory = MemorySegment.ofArray(each.bytes);
            int keep = interpreter.run(memory, 0, length, each.wireLength, each);
            if (keep != 0) {
              int cut = Integer.compareUnsigned(keep, length) < 0 ? keep : length;
              expected.add(Arrays.copyOf(each.bytes, cut));
            }
          }
          List<byte[]> kernels = drain(captures.get(i), frame -> Seen.of(frame, ifindex).bytes());
          assertThat(kernels)
              .as(programs.get(i).instructions().toString())
              .usingElementComparator(Arrays::compare)
              .containsExactlyElementsOf(expected);
          runs += seen.size();
          kept += expected.size();
        }
      } finally {
        for (PacketCapture each : captures) {
          each.close();
        }
      }
    }
    System.out.println(runs + " runs of random programs as in the kernel, " + kept + " kept");
    assertThat(kept).isBetween(runs / 10, runs * 9 / 10);
  }
}
