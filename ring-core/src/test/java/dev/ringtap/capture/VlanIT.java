package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kind of VLAN tag on both ends of a wire, where the network card takes tags off and where it
 * does not: payload and tag are as sent, and as tcpdump stores them on the same end.
 */
@Timeout(30)
class VlanIT {
  private static final int[] TPIDS = {0x8100, 0x88A8};
  private static final int[] IDS = {0, 1, 100, 4095};

  @TempDir Path directory;

  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  /** A frame as it was sent, and its outermost tag. */
  private record Sent(byte[] bytes, int tag) {}

  private static List<Sent> matrix() {
    List<Sent> all = new ArrayList<>();
    all.add(sent());
    for (int tpid : TPIDS) {
      for (int id : IDS) {
        for (int priority = 0; priority < 8; priority++) {
          for (int dropEligible = 0; dropEligible < 2; dropEligible++) {
            int tag = tpid << 16 | priority << 13 | dropEligible << 12 | id;
            all.add(sent(tag));
            all.add(sent(tag, 0x81000000 | priority << 13 | 7));
          }
        }
        all.add(sent(tpid << 16 | id, 0x88A80000 | id));
        all.add(sent(tpid << 16 | id, 0x8100A065, 0x81000001));
      }
    }
    return all;
  }

  private static Sent sent(int... tags) {
    byte[] packet = new byte[50];
    new Random(tags.length == 0 ? 0 : tags[0]).nextBytes(packet);
    ByteBuffer frame = ByteBuffer.allocate(14 + 4 * tags.length + packet.length);
    frame.putLong(0x0200000000010200L).putInt(2);
    for (int tag : tags) {
      frame.putInt(tag);
    }
    frame.putShort((short) 0x88B5).put(packet);
    return new Sent(frame.array(), tags.length == 0 ? 0 : tags[0]);
  }

  private static String text(int originalLength, byte[] bytes) {
    return originalLength + " " + HexFormat.of().formatHex(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void everyTagIsAsSentOnBothEnds(String offload) throws Exception {
    Requirements.programs("ethtool");
    for (String end : new String[] {PrivateNetwork.LEFT, PrivateNetwork.RIGHT}) {
      for (String feature : new String[] {"rxvlan", "txvlan", "rx-vlan-stag-hw-parse"}) {
        Tcpdump.run(network, "ethtool", "-K", end, feature, offload);
      }
      assertThat(Tcpdump.run(network, "ethtool", "-k", end))
          .contains("rx-vlan-offload: " + offload, "rx-vlan-stag-hw-parse: " + offload);
    }
    List<Sent> sent = matrix();
    String[] left = {"-s", "2000", "-i", PrivateNetwork.LEFT};
    String[] right = {"-s", "2000", "-i", PrivateNetwork.RIGHT};
    try (Tcpdump theirLeft = Tcpdump.start(network, directory, left);
        Tcpdump theirRight = Tcpdump.start(network, directory, right);
        PacketCapture ourLeft = open(PrivateNetwork.LEFT);
        PacketCapture ourRight = open(PrivateNetwork.RIGHT);
        FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (Sent each : sent) {
        sender.send(each.bytes());
      }
      check(ourLeft, theirLeft, sent, PacketType.OUTGOING);
      check(ourRight, theirRight, sent, null);
    }
  }

  private PacketCapture open(String end) throws IOException {
    return network.call(() -> PacketCapture.open(CaptureConfig.on(end).build()));
  }

  private static void check(PacketCapture ours, Tcpdump theirs, List<Sent> sent, PacketType type)
      throws Exception {
    ours.stop();
    List<String> payloads = new ArrayList<>();
    while (!ours.isEnded()) {
      try (Block block = ours.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          Sent expected = sent.get(payloads.size());
          byte[] payload = f.payload();
          assertThat(HexFormat.of().formatHex(payload))
              .isEqualTo(HexFormat.of().formatHex(expected.bytes()));
          assertThat(f.originalLength()).isEqualTo(expected.bytes().length);
          assertThat(f.vlanTag()).as("tag of %s", expected).isEqualTo(expected.tag());
          if (type != null) {
            assertThat(f.packetType()).isEqualTo(type);
          }
          payloads.add(text(f.originalLength(), payload));
        }
      }
    }
    assertThat(payloads).hasSameSizeAs(sent);
    assertThat(
            theirs.stop(sent.size()).packets().stream()
                .map(p -> text(p.originalLength(), p.bytes())))
        .containsExactlyElementsOf(payloads);
  }
}
