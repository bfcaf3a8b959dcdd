package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.TcpEndpointFilter;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.linux.TunDevice;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads of every link type, byte for byte what tcpdump stores on the same interface. */
@Timeout(30)
class LinkTypeIT {
  private static final String TUN = "tun9";
  private static final int ARPHRD_PPP = 512;
  private static final int ARPHRD_NONE = 0xFFFE;

  @TempDir Path directory;

  private PrivateNetwork network;
  private TunDevice tun;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
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

  private void createTun(int hardwareType) throws IOException {
    Requirements.file("/dev/net/tun");
    tun = network.call(() -> TunDevice.create(TUN, hardwareType));
  }

  private PacketCapture open(CaptureConfig.Builder config) throws IOException {
    return network.call(() -> PacketCapture.open(config.build()));
  }

  /** A frame as it came out. */
  private record Taken(
      String interfaceName, int linkType, int vlanTag, int originalLength, byte[] payload) {}

  private static List<Taken> take(PacketCapture capture) throws IOException {
    capture.stop();
    List<Taken> taken = new ArrayList<>();
    while (!capture.isEnded()) {
      try (Block block = capture.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          assertThat(f.sequence()).isEqualTo(taken.size());
          byte[] payload = f.payload();
          taken.add(
              new Taken(f.interfaceName(), f.linkType(), f.vlanTag(), f.originalLength(), payload));
        }
      }
    }
    assertThat(capture.statistics())
        .isEqualTo(new CaptureStatistics(taken.size(), 0, taken.size(), 0));
    return taken;
  }

  private static void assertEqual(List<Taken> ours, Tcpdump.Dump theirs) {
    HexFormat hex = HexFormat.of();
    assertThat(ours.stream().map(t -> t.originalLength() + " " + hex.formatHex(t.payload())))
        .containsExactlyElementsOf(
            theirs.packets().stream()
                .map(t -> t.originalLength() + " " + hex.formatHex(t.bytes()))
                .toList());
    assertThat(ours).allMatch(taken -> taken.linkType() == theirs.linkType());
  }

  /** An IPv4 packet with UDP inside, of this many bytes. */
  private static byte[] udp(int length, int srcPort, int dstPort) {
    byte[] packet = new byte[length];
    new Random(length).nextBytes(packet);
    ByteBuffer.wrap(packet)
        .putInt(0x45000000 | length)
        .putInt(0)
        .putInt(0x40110000)
        .putInt(0x0A090002)
        .putInt(0x0A090001)
        .putShort((short) srcPort)
        .putShort((short) dstPort);
    return packet;
  }

  /** The packet in an Ethernet frame with these tags. */
  private static byte[] ethernet(byte[] packet, int... tags) {
    ByteBuffer frame = ByteBuffer.allocate(14 + 4 * tags.length + packet.length);
    frame.putLong(0x0200000000010200L).putInt(2);
    for (int tag : tags) {
      frame.putInt(tag);
    }
    return frame.putShort((short) 0x0800).put(packet).array();
  }

  /** Frames on every interface there is, in and out. */
  private void sendEverywhere() throws IOException {
    // quickly: a block of the ring is used up with every retire timeout
    try (FrameSender left = network.sender(PrivateNetwork.LEFT);
        FrameSender right = network.sender(PrivateNetwork.RIGHT);
        FrameSender lo = network.sender("lo");
        FrameSender out = network.sender(tun == null ? "lo" : TUN)) {
      for (int i = 0; i < 20; i++) {
        byte[] packet = udp(28 + 40 * i, 1000 + i, i % 2 == 0 ? 53 : 80);
        left.send(ethernet(packet));
        right.send(ethernet(packet, 0x81006064));
        left.send(ethernet(packet, 0x88A80064, 0x81000065));
        lo.send(ethernet(packet));
        if (tun != null) {
          tun.receive(packet);
          out.send(packet);
        }
      }
    }
  }

  @Test
  void anyEqualsTcpdumpsAndNamesTheInterfaces() throws Exception {
    createTun(ARPHRD_NONE);
    try (Tcpdump tcpdump = Tcpdump.start(network, directory, "-i", "any");
        PacketCapture capture = open(CaptureConfig.on("any"))) {
      sendEverywhere();
      List<Taken> taken = take(capture);
      assertThat(taken).hasSize(20 * (2 + 2 + 2 + 1 + 2));
      assertThat(taken)
          .extracting(Taken::interfaceName)
          .startsWith("tap0", "tap1", "tap1", "tap0", "tap0", "tap1", "lo", TUN, TUN);
      assertThat(taken).extracting(Taken::linkType).containsOnly(LinkType.LINUX_SLL2);
      // in and out, tagged by an offload or by hand: the tag is known
      assertThat(taken.stream().filter(t -> t.vlanTag() == 0x81006064)).hasSize(40);
      assertThat(taken.stream().filter(t -> t.vlanTag() == 0x88A80064)).hasSize(40);
      assertEqual(taken, tcpdump.stop(taken.size()));
    }
  }

  @Test
  void anySeesInterfacesThatComeLater() throws Exception {
    try (PacketCapture capture = open(CaptureConfig.on("any"))) {
      createTun(ARPHRD_NONE);
      try (FrameSender sender = network.sender(TUN)) {
        sender.send(udp(60, 1, 2));
      }
      assertThat(take(capture)).extracting(Taken::interfaceName).containsExactly(TUN);
    }
  }

  /** ARPHRD_ numbers and the link type that libpcap has for each. */
  @ParameterizedTest
  @CsvSource({
    "1,1",
    "23,1",
    "65534,101",
    "768,101",
    "776,101",
    "256,101",
    "257,101",
    "258,101",
    "259,101",
    "264,101",
    "15,101",
    "518,101",
    "801,105",
    "802,119",
    "803,127",
    "512,113",
    "19,113",
    "824,253",
    "769,113",
    "778,113",
    "823,113",
    "519,113",
    "65535,113",
    "4711,113"
  })
  void hardwareTypesEqualTcpdumps(int hardwareType, int linkType) throws Exception {
    createTun(hardwareType);
    try (Tcpdump tcpdump = Tcpdump.start(network, directory, "-i", TUN);
        PacketCapture capture = open(CaptureConfig.on(TUN))) {
      try (FrameSender sender = network.sender(TUN)) {
        for (int i = 0; i < 5; i++) {
          sender.send(udp(28 + 100 * i, 1, 2));
          tun.receive(udp(28 + 100 * i, 3, 4));
        }
      }
      List<Taken> taken = take(capture);
      assertThat(taken).hasSize(10).extracting(Taken::linkType).containsOnly(linkType);
      assertThat(taken).extracting(Taken::interfaceName).containsOnly(TUN);
      assertEqual(taken, tcpdump.stop(10));
    }
  }

  @Test
  void loopbackEqualsTcpdumps() throws Exception {
    try (Tcpdump tcpdump = Tcpdump.start(network, directory, "-i", "lo");
        PacketCapture capture = open(CaptureConfig.on("lo"))) {
      try (FrameSender sender = network.sender("lo")) {
        for (int i = 0; i < 10; i++) {
          sender.send(ethernet(udp(28 + i, 1, 2)));
          sender.send(ethernet(udp(28 + i, 1, 2), 0x81000064));
        }
      }
      List<Taken> taken = take(capture);
      assertThat(taken).hasSize(20);
      assertEqual(taken, tcpdump.stop(20));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 21, 22, 40, 100})
  void snapLengthCountsTheCookedHeaderAsTcpdumps(int snapLength) throws Exception {
    createTun(ARPHRD_PPP);
    String[] snap = {"-s", Integer.toString(snapLength), "-i"};
    try (Tcpdump any = Tcpdump.start(network, directory, snap[0], snap[1], snap[2], "any");
        Tcpdump ppp = Tcpdump.start(network, directory, snap[0], snap[1], snap[2], TUN);
        PacketCapture ourAny =
            open(CaptureConfig.on("any").set(CaptureOption.SNAP_LENGTH_BYTES, snapLength));
        PacketCapture ourPpp =
            open(CaptureConfig.on(TUN).set(CaptureOption.SNAP_LENGTH_BYTES, snapLength))) {
      sendEverywhere();
      List<Taken> takenOnAny = take(ourAny);
      assertThat(takenOnAny).allMatch(t -> t.payload().length <= Math.max(21, snapLength));
      assertEqual(takenOnAny, any.stop(180));
      List<Taken> takenOnPpp = take(ourPpp);
      assertThat(takenOnPpp).allMatch(t -> t.payload().length <= Math.max(21, snapLength));
      assertEqual(takenOnPpp, ppp.stop(40));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ip", "arp", "udp port 53", "inbound", "outbound and dst port 80", "ifindex 1"})
  void filtersCompiledForCookedInterfacesKeepWhatTcpdumpKeeps(String expression) throws Exception {
    createTun(ARPHRD_PPP);
    for (String on : new String[] {"any", TUN}) {
      if (expression.equals("ifindex 1") && on.equals(TUN)) {
        continue;
      }
      BpfProgram filter = BpfProgram.parse(Tcpdump.compile(network, on, expression));
      try (Tcpdump tcpdump = Tcpdump.start(network, directory, "-i", on, expression);
          PacketCapture capture = open(CaptureConfig.on(on).filter(filter))) {
        sendEverywhere();
        List<Taken> taken = take(capture);
        assertThat(taken.isEmpty()).isEqualTo(expression.equals("arp"));
        assertEqual(taken, tcpdump.stop(taken.size()));
      }
    }
  }

  @Test
  void aFilterOnOtherBytesOfTheCookedHeaderIsRefused() {
    // ldb [12]: the first byte of the sender's address
    BpfProgram filter = BpfProgram.parse("4\n48 0 0 12\n21 0 1 2\n6 0 0 262144\n6 0 0 0\n");
    assertThatThrownBy(() -> open(CaptureConfig.on("any").filter(filter)))
        .hasMessageStartingWith("the filter reads byte 12 of the frame's cooked header")
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.UNSUPPORTED_FILTER);
  }

  @ParameterizedTest
  @ValueSource(strings = {"any", "lo"})
  void ownConnectionsAreLeftOutOnEveryLink(String on) throws Exception {
    InetAddress localhost = InetAddress.getByName("127.0.0.1");
    try (ServerSocket ours = network.call(() -> new ServerSocket(0, 5, localhost));
        ServerSocket other = network.call(() -> new ServerSocket(0, 5, localhost))) {
      InetSocketAddress refused = new InetSocketAddress(localhost, ours.getLocalPort());
      int headerBytes = network.call(() -> CaptureInterface.named(on)).ethernetHeaderBytes();
      BpfProgram filter =
          TcpEndpointFilter.refuse(List.of(refused), headerBytes, BpfProgram.acceptAll(262_144));
      try (PacketCapture capture = open(CaptureConfig.on(on).filter(filter))) {
        for (ServerSocket each : new ServerSocket[] {ours, other}) {
          try (Socket client = network.call(() -> new Socket(localhost, each.getLocalPort()));
              Socket server = each.accept()) {
            client.getOutputStream().write(new byte[1000]);
            assertThat(server.getInputStream().readNBytes(1000)).hasSize(1000);
          }
        }
        List<Taken> taken = take(capture);
        assertThat(taken).hasSizeGreaterThan(5);
        int ipAt = on.equals("any") ? 20 : 14;
        for (Taken each : taken) {
          ByteBuffer ports = ByteBuffer.wrap(each.payload(), ipAt + 20, 4);
          assertThat(new int[] {ports.getShort() & 0xFFFF, ports.getShort() & 0xFFFF})
              .contains(other.getLocalPort())
              .doesNotContain(ours.getLocalPort());
        }
      }
    }
  }
}
