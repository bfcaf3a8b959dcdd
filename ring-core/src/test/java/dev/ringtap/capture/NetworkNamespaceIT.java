package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link CaptureOption#NETWORK_NAMESPACE}, from a thread that is in another namespace. */
@Timeout(60)
class NetworkNamespaceIT {
  private static final byte[] FRAME = Packets.frameOfLength(100);

  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  private static CaptureConfig.Builder in(String namespace) {
    return CaptureConfig.on(PrivateNetwork.RIGHT)
        .set(CaptureOption.NETWORK_NAMESPACE, namespace)
        .set(CaptureOption.RING_MIB, 2)
        .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 1);
  }

  private void send() throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      sender.send(FRAME);
    }
  }

  private static List<CaptureInterface> own() throws IOException {
    return CaptureInterface.list();
  }

  private static void ip(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    Process ip = new ProcessBuilder(command).inheritIO().start();
    assertThat(ip.waitFor()).as(command.toString()).isZero();
  }

  @Test
  void capturesThereAndTheCallingThreadStaysInItsOwn() throws Exception {
    List<CaptureInterface> before = own();
    try (PacketCapture capture =
        PacketCapture.open(in(network.path()).filterChangeable().build())) {
      assertThat(own()).isEqualTo(before);
      send();
      try (Block block = capture.poll(10_000)) {
        assertThat(block.next().payload()).isEqualTo(FRAME);
      }
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.UP);
      network.setUp(PrivateNetwork.RIGHT, false);
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.DOWN);
    }
    assertThat(own()).isEqualTo(before);
  }

  /** The filter of {@code any} depends on the loopback's number there. */
  @Test
  void aFilterIsChangedForTheInterfacesThere() throws Exception {
    CaptureConfig config =
        in(network.path()).set(CaptureOption.INTERFACE, "any").filterChangeable().build();
    try (PacketCapture capture = PacketCapture.open(config)) {
      capture.setFilter(null);
      send();
      try (Block block = capture.poll(10_000)) {
        assertThat(block.frameCount()).isPositive();
      }
    }
  }

  @Test
  void takesTheNameOfIpNetns() throws Exception {
    Requirements.programs("ip");
    String name = "ringtap-" + ProcessHandle.current().pid();
    CaptureConfig config = in(name).set(CaptureOption.INTERFACE, "lo").build();
    ip("netns", "add", name);
    try {
      assertThat(config.inNamespace(CaptureInterface::list))
          .extracting(CaptureInterface::name)
          .contains("lo")
          .doesNotContain(PrivateNetwork.RIGHT);
      ip("-n", name, "link", "set", "lo", "up");
      PacketCapture.open(config).close();
    } finally {
      ip("netns", "delete", name);
    }
    assertThatThrownBy(() -> PacketCapture.open(config))
        .hasMessage(
            "no network namespace %s: /run/netns/%s does not exist; `ip netns` lists names, the"
                + " path of a process's is /proc/PID/ns/net",
            name, name)
        .isInstanceOfSatisfying(
            CaptureException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.NO_SUCH_NAMESPACE);
              assertThat(e.isInterfaceAway()).isTrue();
            });
  }

  @Test
  void aFileThatIsNoNamespaceIsNamed() {
    assertThatThrownBy(() -> PacketCapture.open(in("/proc/self/ns/uts").build()))
        .hasMessageStartingWith("/proc/self/ns/uts is not a network namespace")
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.SYSTEM);
    assertThatThrownBy(() -> PacketCapture.open(in("/proc/self/ns/uts/x").build()))
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.NO_SUCH_NAMESPACE);
  }

  @Test
  void whatTheActionThrowsIsThrown() throws IOException {
    CaptureConfig config = in(network.path()).build();
    IOException failure = new IOException("there");
    assertThatThrownBy(
            () ->
                config.<Void, IOException>inNamespace(
                    () -> {
                      throw failure;
                    }))
        .isSameAs(failure);
    assertThatThrownBy(() -> config.inNamespace(() -> PacketCapture.require("missing")))
        .hasMessageContaining("no interface is named 'missing'; there are: lo, ");
  }

  /** An interface that is made again under its name is captured on, there. */
  @Test
  void aReopeningCaptureOpensAgainThere() throws Exception {
    Requirements.programs("ip");
    CaptureConfig config = in(network.path()).build();
    try (ReopeningCapture capture = ReopeningCapture.openGroup(config, 1).get(0)) {
      ipThere("link", "delete", PrivateNetwork.RIGHT);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!capture.isWaiting() && System.nanoTime() < end) {
        assertThat(capture.poll(100)).isNull();
      }
      assertThat(capture.isWaiting()).isTrue();
      ipThere(
          "link", "add", PrivateNetwork.LEFT, "type", "veth", "peer", "name", PrivateNetwork.RIGHT);
      ipThere("link", "set", PrivateNetwork.LEFT, "up");
      ipThere("link", "set", PrivateNetwork.RIGHT, "up");
      while (capture.isWaiting() && System.nanoTime() < end) {
        assertThat(capture.poll(100)).isNull();
      }
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.UP);
    }
  }

  private void ipThere(String... arguments) throws IOException {
    network.call(
        () -> {
          ip(arguments);
          return null;
        });
  }
}
