package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FilterTraffic;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.linux.TunDevice;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * tcpdump's expressions where a Linux cooked header stands before the frames: on {@code any}, on a
 * device whose own header is of no use, and in files of such captures.
 */
@Timeout(120)
class CookedExpressionIT {
  private static final String PPP = "tun9";
  private static final int ARPHRD_PPP = 512;
  private static final int BATCH = 12;

  private static final List<String> EXPRESSIONS =
      List.of(
          "",
          "ip",
          "ip6",
          "arp",
          "ether proto 0x88b5",
          "ether proto 0x8100",
          "ether proto \\ip6",
          "ip multicast",
          "ip6 multicast",
          "ip broadcast",
          "inbound",
          "outbound",
          "not outbound and tcp",
          "inbound and udp port 53",
          "tcp",
          "udp",
          "icmp",
          "icmp6",
          "ip proto 50",
          "ip6 proto 44",
          "port 53",
          "udp port 53",
          "udp src port 53",
          "tcp dst port 443",
          "tcp port 80 or tcp port 443",
          "portrange 5000-6000",
          "host 10.0.0.1",
          "src host 10.0.0.1",
          "dst host 10.0.0.2 and udp",
          "host 2001:db8::1",
          "net 10.0.0.0/8",
          "ip6 net 2001:db8::/64",
          "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
          "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
          "ip[0] & 0xf != 5",
          "ip[6:2] & 0x1fff != 0",
          "icmp[icmptype] = icmp-echo",
          "icmp6[icmp6type] = icmp6-echo",
          "ip[ip[0] & 0xf] & 1 = 1",
          "len > 200",
          "less 60",
          "pppoes",
          "stp",
          "igmp or ip proto ospf",
          "not (tcp or udp)",
          "(tcp or udp) and ip6");

  /** Those that only one of the two headers has an answer to. */
  private static final List<String> ON_ANY =
      List.of("ifindex 1", "not ifindex 1", "link[10] = 4", "link[8:2] = 512", "link[4:4] = 2");

  private static final List<String> ON_PPP = List.of("link[0:2] = 4", "link[14:2] = 0x0800");

  @TempDir Path directory;

  private PrivateNetwork network;
  private TunDevice tun;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("tcpdump");
    Requirements.file("/dev/net/tun");
    network = PrivateNetworks.createOrSkip();
    tun = network.call(() -> TunDevice.create(PPP, ARPHRD_PPP));
  }

  @AfterEach
  void closeNetwork() {
    if (tun != null) {
      tun.close();
    }
    if (network != null) {
      network.close();
    }
  }

  /** Frames of every kind on every interface, in and out. */
  private void send(List<byte[]> frames) throws IOException {
    try (FrameSender left = network.sender(PrivateNetwork.LEFT);
        FrameSender lo = network.sender("lo");
        FrameSender ppp = network.sender(PPP)) {
      for (int i = 0; i < frames.size(); i++) {
        byte[] frame = frames.get(i);
        left.send(frame);
        if (i % 4 == 0) {
          lo.send(frame);
        }
        if (frame[12] == 8 && frame[13] == 0 && frame.length > 34) {
          byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
          ppp.send(packet);
          tun.receive(packet);
        }
      }
    }
  }

  private BpfProgram compile(String expression, String on) throws IOException {
    return network.call(
        () ->
            FilterCompiler.system()
                .compileLive(
                    expression,
                    on,
                    CaptureInterface.named(on).linkType(),
                    CaptureOption.MAX_SNAP_LENGTH_BYTES));
  }

  private static List<String> drain(BlockSource source) throws IOException {
    HexFormat hex = HexFormat.of();
    List<String> all = new ArrayList<>();
    while (!source.isEnded()) {
      try (Block block = source.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          byte[] payload = f.payload();
          all.add(f.originalLength() + " " + hex.formatHex(payload));
        }
      }
    }
    return all;
  }

  private static List<String> stored(Tcpdump.Dump dump) {
    HexFormat hex = HexFormat.of();
    return dump.packets().stream()
        .map(each -> each.originalLength() + " " + hex.formatHex(each.bytes()))
        .toList();
  }

  @Test
  void onAnyTheyKeepWhatTcpdumpKeeps() throws Exception {
    List<String> expressions = Stream.concat(EXPRESSIONS.stream(), ON_ANY.stream()).toList();
    assertThat(expressions).doesNotHaveDuplicates().hasSizeGreaterThan(30);
    keepWhatTcpdumpKeeps("any", LinkType.LINUX_SLL2, expressions);
  }

  @Test
  void onACookedDeviceTheyKeepWhatTcpdumpKeeps() throws Exception {
    keepWhatTcpdumpKeeps(
        PPP, LinkType.LINUX_SLL, Stream.concat(EXPRESSIONS.stream(), ON_PPP.stream()).toList());
  }

  private void keepWhatTcpdumpKeeps(String on, int linkType, List<String> expressions)
      throws Exception {
    List<byte[]> frames = FilterTraffic.frames(new Random(7));
    long kept = 0;
    int all = 0;
    int selective = 0;
    for (int from = 0; from < expressions.size(); from += BATCH) {
      List<String> batch = expressions.subList(from, Math.min(expressions.size(), from + BATCH));
      List<Tcpdump> tcpdumps = new ArrayList<>();
      List<PacketCapture> captures = new ArrayList<>();
      try {
        for (String expression : batch) {
          BpfProgram filter = compile(expression, on);
          tcpdumps.add(
              Tcpdump.start(network, directory, "-B", "8192", "-s", "2000", "-i", on, expression));
          captures.add(open(on, filter));
        }
        send(frames);
        for (int i = 0; i < batch.size(); i++) {
          captures.get(i).stop();
          List<String> ours = drain(captures.get(i));
          Tcpdump.Dump dump = Tcpdump.read(tcpdumps.get(i).stop());
          List<String> theirs = stored(dump);
          // libpcap filters the first slot of its ring itself, and there it forgets that the cooked
          // header makes the frame longer: it may miss the end of it
          boolean missesFirst = theirs.size() == ours.size() - 1;
          assertThat(theirs)
              .as("what tcpdump keeps of '%s'", batch.get(i))
              .containsExactlyElementsOf(missesFirst ? ours.subList(1, ours.size()) : ours);
          assertThat(dump.linkType()).isEqualTo(linkType);
          kept += ours.size();
          all = Math.max(all, ours.size());
          selective += ours.isEmpty() || ours.size() == all ? 0 : 1;
        }
      } finally {
        captures.forEach(PacketCapture::close);
        tcpdumps.forEach(Tcpdump::close);
      }
    }
    System.out.printf(
        "%d expressions x %d frames on %s as in tcpdump: %d frames kept, byte for byte%n",
        expressions.size(), all, on, kept);
    assertThat(selective).isGreaterThan(expressions.size() / 2);
  }

  private PacketCapture open(String on, BpfProgram filter) throws IOException {
    CaptureConfig config =
        CaptureConfig.on(on)
            .set(CaptureOption.RING_MIB, 16)
            .set(CaptureOption.BLOCK_KIB, 512)
            .set(CaptureOption.SNAP_LENGTH_BYTES, 2000)
            // nothing is read while frames come
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 400)
            .filter(filter)
            .build();
    return network.call(() -> PacketCapture.open(config));
  }

  @ParameterizedTest
  @CsvSource({"any, LINUX_SLL2, 276", "any, LINUX_SLL, 113", "tun9, LINUX_SLL, 113"})
  void filesOfCookedCapturesKeepWhatTcpdumpKeeps(String on, String header, int linkType)
      throws Exception {
    Path file = directory.resolve("all.pcap");
    List<byte[]> frames = FilterTraffic.frames(new Random(9));
    try (Tcpdump all = Tcpdump.start(network, directory, "-s", "2000", "-y", header, "-i", on)) {
      send(frames);
      Files.copy(all.stop(), file);
    }
    int selective = 0;
    int stored = Tcpdump.read(file).packets().size();
    assertThat(stored).isGreaterThan(frames.size() / 4);
    for (String expression : EXPRESSIONS) {
      Path theirs = directory.resolve("kept.pcap");
      Tcpdump.run(network, "tcpdump", "-r", file.toString(), "-w", theirs.toString(), expression);
      try (BlockSource ours = CaptureFile.open(file, FrameFilter.of(expression, 262_144))) {
        List<String> kept = drain(ours);
        assertThat(kept).as(expression).containsExactlyElementsOf(stored(Tcpdump.read(theirs)));
        selective += kept.isEmpty() || kept.size() == stored ? 0 : 1;
      }
    }
    assertThat(Tcpdump.read(file).linkType()).isEqualTo(linkType);
    assertThat(selective).isGreaterThan(EXPRESSIONS.size() / 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "any | vlan",
        "any | vlan 100 and udp",
        "any | mpls",
        "any | ether host 02:00:00:00:00:01",
        "any | ether broadcast",
        "any | ether multicast",
        "any | llc",
        "any | type mgt",
        "tun9 | vlan",
        "tun9 | mpls",
        "tun9 | ether dst 02:00:00:00:00:01",
      })
  void whatLibpcapRefusesIsRefusedInItsWords(String on, String expression) throws Exception {
    String theirs = Tcpdump.refusal(network, "tcpdump", "-i", on, "-d", expression);
    assertThatThrownBy(() -> compile(expression, on))
        .isInstanceOf(FilterException.class)
        .hasMessage("filter '" + expression + "': " + theirs);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "any | link[12] = 2 | the filter reads byte 12 of the frame's cooked header of 20 bytes",
        "any | link[0] = 8 | the filter reads byte 0 of the frame's cooked header of 20 bytes",
        "tun9 | link[6] = 2 | the filter reads byte 6 of the frame's cooked header of 16 bytes",
      })
  void whatTheKernelCannotLookAtIsRefused(String on, String expression, String message)
      throws Exception {
    BpfProgram filter = compile(expression, on);
    assertThatThrownBy(() -> open(on, filter))
        .isInstanceOf(CaptureException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aLinkTypeThatTheInterfaceHasNotIsRefused() {
    assertThatThrownBy(
            () -> network.call(() -> FilterCompiler.system().compileLive("udp", PPP, 276, 262_144)))
        .hasMessageStartingWith("libpcap cannot open tun9 to compile the filter 'udp': ")
        .hasMessageContaining("LINUX_SLL2 is not one of the DLTs supported by this device")
        .extracting(e -> ((FilterException) e).reason())
        .isEqualTo(FilterException.Reason.INTERFACE);
  }
}
