package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code --network-namespace}: the command is in the host's, and captures in another one. */
@Timeout(120)
class NetworkNamespaceIT {
  private static final int FRAMES = 5;

  @TempDir Path directory;
  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  private static Launcher.Result ringtap(String... arguments) throws Exception {
    return Launcher.run(Launcher.SCRIPT, Map.of(), arguments);
  }

  /** A pattern, and a filter that libpcap compiles for the interface. */
  @Test
  void capturesWhatAPatternSelectsThere() throws Exception {
    Requirements.libpcap();
    Path config =
        Files.writeString(
            directory.resolve("agent.yaml"),
            "interface: [\"tap*\"]\nexclude: tap0\nnetwork-namespace: "
                + network.path()
                + "\nfilter: udp port 53\nimmediate: true\n");
    Path file = directory.resolve("out.pcapng");
    Path err = directory.resolve("err.txt");
    Process capture =
        Launcher.start(
            Launcher.SCRIPT,
            err,
            Map.of(),
            "capture",
            "--config",
            config.toString(),
            "-w",
            file.toString(),
            "-c",
            Integer.toString(FRAMES));
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      while (!Files.readString(err).contains("listening on tap1")) {
        assertThat(capture.isAlive()).as(Files.readString(err)).isTrue();
        TimeUnit.MILLISECONDS.sleep(50);
      }
      for (int i = 0; i < FRAMES; i++) {
        sender.send(
            Packets.ethernet(Packets.udp("10.0.0.1", 9, "10.0.0.2", 54, new byte[100 + i])));
        sender.send(
            Packets.ethernet(Packets.udp("10.0.0.1", 9, "10.0.0.2", 53, new byte[100 + i])));
      }
      assertThat(capture.waitFor(60, TimeUnit.SECONDS)).as(Files.readString(err)).isTrue();
      assertThat(capture.exitValue()).as(Files.readString(err)).isZero();
    } finally {
      capture.destroyForcibly();
    }
    try (CaptureFile written = CaptureFile.open(file);
        Block block = written.poll(1000)) {
      assertThat(block.frameCount()).isEqualTo(FRAMES);
      assertThat(block.next().capture().interfaceName()).isEqualTo("tap1");
    }
    Launcher.Result check = ringtap("check", "--config", config.toString());
    assertThat(check.status()).as(check.err() + check.out()).isZero();
    assertThat(check.out()).contains("tap1 is up", "udp port 53");
  }

  @Test
  void whatIsMissingIsNamed() throws Exception {
    Launcher.Result none =
        ringtap("capture", "-i", "eth0", "--network-namespace", "missing", "-w", "/dev/null");
    assertThat(none.status()).isEqualTo(1);
    assertThat(none.err())
        .contains("ringtap: no network namespace missing: /run/netns/missing does not exist");
    Launcher.Result other =
        ringtap("capture", "-i", "eth0", "--network-namespace", network.path(), "-w", "/dev/null");
    assertThat(other.status()).isEqualTo(1);
    assertThat(other.err()).contains("no interface is named 'eth0'; there are: lo, tap");
    Launcher.Result file =
        ringtap("capture", "-r", "x.pcap", "--network-namespace", "missing", "-w", "/dev/null");
    assertThat(file.status()).isEqualTo(2);
  }

  /** What a capture needs of privileges is not enough. */
  @Test
  void theMissingCapabilityIsNamed() throws Exception {
    Requirements.programs("setpriv");
    Path err = directory.resolve("err.txt");
    Process capture =
        new ProcessBuilder(
                "setpriv",
                "--bounding-set=-sys_admin",
                Launcher.SCRIPT.toString(),
                "capture",
                "-i",
                PrivateNetwork.RIGHT,
                "--network-namespace",
                network.path(),
                "-w",
                "/dev/null")
            .redirectError(err.toFile())
            .start();
    assertThat(capture.waitFor()).as(Files.readString(err)).isEqualTo(ExitCode.NO_PERMISSION);
    assertThat(Files.readString(err))
        .contains(
            "ringtap: no permission to enter network namespace "
                + network.path()
                + ": CAP_SYS_ADMIN is missing");
  }
}
