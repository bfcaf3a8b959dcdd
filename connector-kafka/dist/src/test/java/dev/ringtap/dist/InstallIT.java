package dev.ringtap.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Debian package, from its installation in a fresh Debian to its removal. */
@Timeout(900)
class InstallIT {
  /**
   * Java must not need to run what it unpacks into /tmp; compressed, so that it has a reason to.
   */
  private static final String CONFIGURATION =
      """
      interface: eth0
      bootstrap-server: 127.0.0.1:9092
      wait: true
      filter: udp dst port 9
      producer-property:
        compression.type: zstd
      """;

  private static final String BROKER =
      """
      [Service]
      ExecStart=ringtap broker --dir /run/broker
      """;

  /** Files that say what is installed, of users and of logs change with any package. */
  private static final String ALL_FILES =
      "find / -xdev ( -path /run -o -path /shared -o -path /var/log -o -path /var/lib/dpkg"
          + " -o -path /var/lib/systemd -o -path /var/cache -o -path /etc/*- ) -prune"
          + " -o -type d -printf %p\\t%M\\t%u\\n -o -printf %p\\t%M\\t%u\\t%s\\n";

  @TempDir static Path root;
  @TempDir static Path shared;

  private Machine machine;

  @BeforeAll
  static void require() throws IOException {
    Requirements.privateNetwork();
    Requirements.programs("debootstrap", "systemd-nspawn", "nsenter", "ip");
    try (var built = Files.newDirectoryStream(Path.of("target"), "ringtap_*.deb")) {
      Files.copy(built.iterator().next(), shared.resolve("ringtap.deb"));
    }
  }

  @Test
  void capturesAsServiceFromInstallationToRemoval() throws Exception {
    try (Machine booted = Machine.boot(root, shared)) {
      machine = booted;
      Set<String> before = files();
      makeNetwork();
      machine.run("mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", "/tmp");
      install();
      assertThat(show("ringtap", "ActiveState", "UnitFileState"))
          .containsExactly("ActiveState=inactive", "UnitFileState=disabled");

      startBroker();
      Files.writeString(shared.resolve("agent.yaml"), CONFIGURATION);
      machine.run("cp", "/shared/agent.yaml", "/etc/ringtap/agent.yaml");
      capturesWhileBrokerRestarts();
      reloads();
      restartsWhenStuck();
      stopsWhileItWaits();
      capturesOnInterfaceOfItsName();

      machine.run("dpkg", "--remove", "ringtap");
      machine.run("systemctl", "stop", "broker");
      assertThat(added(before))
          .contains("/etc/ringtap/agent.yaml", "/var/lib/ringtap")
          .allMatch(
              file -> file.matches("/(etc|var/lib)/ringtap(/.*)?|/etc/g?(passwd|shadow|group)"));
      machine.run("dpkg", "--purge", "ringtap");
      assertThat(added(before)).isEmpty();
    }
  }

  private void install() throws Exception {
    machine.run("dpkg", "--install", "/shared/ringtap.deb");
  }

  private void makeNetwork() throws Exception {
    machine.runInNetwork("ip", "link", "set", "lo", "up");
    machine.runInNetwork("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
    machine.runInNetwork("ip", "address", "add", "10.9.0.1/24", "dev", "eth0");
    machine.runInNetwork("ip", "link", "set", "eth0", "up");
    machine.runInNetwork("ip", "link", "set", "eth1", "up");
    machine.runInNetwork(
        "ip", "neighbour", "add", "10.9.0.2", "lladdr", "02:00:00:00:00:02", "dev", "eth0");
  }

  private void startBroker() throws Exception {
    Files.writeString(shared.resolve("broker.service"), BROKER);
    machine.run("cp", "/shared/broker.service", "/run/systemd/system/");
    machine.run("systemctl", "daemon-reload");
    machine.run("systemctl", "start", "broker");
  }

  private void send(int frames) throws Exception {
    machine.run("bash", "-c", "for i in {1.." + frames + "}; do echo >/dev/udp/10.9.0.2/9; done");
  }

  private void capturesWhileBrokerRestarts() throws Exception {
    machine.run("systemctl", "enable", "--now", "ringtap");
    String pid = show("ringtap", "MainPID").get(0).replace("MainPID=", "");
    assertThat(
            machine.run(
                "grep", "-E", "^(Uid|CapEff|CapBnd|NoNewPrivs)", "/proc/" + pid + "/status"))
        .isEqualTo(
            """
            Uid:\t%1$s\t%1$s\t%1$s\t%1$s
            CapEff:\t0000000000002000
            CapBnd:\t0000000000002000
            NoNewPrivs:\t1
            """
                .formatted(machine.run("id", "-u", "ringtap").strip()));
    send(500);
    awaitDelivered(500);
    machine.run("systemctl", "stop", "broker");
    send(300);
    machine.run("systemctl", "start", "broker");
    awaitDelivered(800);
    send(200);
    machine.run("systemctl", "stop", "ringtap");
    assertThat(show("ringtap", "Result", "ExecMainStatus"))
        .containsExactly("Result=success", "ExecMainStatus=0");
    assertThat(machine.run("journalctl", "--unit=ringtap", "--output=cat"))
        .contains(
            "offered 1000 = 0 dropped by the kernel + 1000 captured\n"
                + "captured 1000 = 1000 acknowledged + 0 not delivered\n");
    assertThat(machine.run("ringtap", "dump", "--from-beginning", "--end").lines()).hasSize(1000);
  }

  /** At SIGUSR1 the agent says how many frames there were, once they are delivered. */
  private void awaitDelivered(int frames) throws Exception {
    machine.run("systemctl", "kill", "--signal=USR1", "ringtap");
    awaitLog("ringtap", "so far: offered " + frames + " ");
  }

  private void awaitLog(String unit, String text) throws Exception {
    machine.await("journalctl --unit=" + unit + " --output=cat | grep -F '" + text + "'");
  }

  private void reloads() throws Exception {
    machine.run("systemctl", "start", "ringtap");
    machine.run("sed", "-i", "s/port 9/port 10/", "/etc/ringtap/agent.yaml");
    machine.run("systemctl", "reload", "ringtap");
    awaitLog("ringtap", "changed=filter");
    machine.run("systemctl", "stop", "ringtap");
  }

  /** The agent cannot react to the request to stop, either. */
  private void restartsWhenStuck() throws Exception {
    Path hurry = Path.of("/run/systemd/system/ringtap.service.d/hurry.conf");
    Files.writeString(shared.resolve("hurry.conf"), "[Service]\nWatchdogSec=5\nTimeoutStopSec=1\n");
    machine.run("install", "-D", "/shared/hurry.conf", hurry.toString());
    machine.run("systemctl", "daemon-reload");
    machine.run("systemctl", "start", "ringtap");
    machine.run("systemctl", "kill", "--signal=STOP", "ringtap");
    awaitLog("ringtap", "Watchdog timeout");
    machine.await("systemctl show --property=NRestarts ringtap | grep =1");
    machine.await("systemctl is-active ringtap");
    machine.run("rm", hurry.toString());
    machine.run("systemctl", "daemon-reload");
    machine.run("systemctl", "stop", "ringtap");
  }

  /** It waits for an interface, and says so. */
  private void stopsWhileItWaits() throws Exception {
    machine.run("sed", "-i", "s/eth0/none/", "/etc/ringtap/agent.yaml");
    machine.run("systemctl", "start", "--no-block", "ringtap");
    machine.await("systemctl show --property=StatusText ringtap | grep 'waits for interface none'");
    machine.run("systemctl", "stop", "ringtap");
    assertThat(show("ringtap", "ActiveState", "Result"))
        .containsExactlyInAnyOrder("ActiveState=inactive", "Result=success");
  }

  /** It names its interface itself, and an update restarts it. */
  private void capturesOnInterfaceOfItsName() throws Exception {
    machine.run("systemctl", "enable", "--now", "ringtap@eth1");
    assertThat(machine.run("journalctl", "--unit=ringtap@eth1", "--output=cat"))
        .contains("listening on eth1 ");
    List<String> first = show("ringtap@eth1", "MainPID");
    install();
    assertThat(show("ringtap@eth1", "MainPID")).isNotEqualTo(first);
    assertThat(machine.run("systemctl", "is-active", "ringtap@eth1")).isEqualTo("active\n");
  }

  private List<String> show(String unit, String... properties) throws Exception {
    return machine
        .run("systemctl", "show", unit, "--property=" + String.join(",", properties))
        .lines()
        .toList();
  }

  private Set<String> files() throws Exception {
    return machine.run(ALL_FILES.split(" ")).lines().collect(Collectors.toCollection(TreeSet::new));
  }

  /** The paths of files that are new, or not as they were. */
  private Set<String> added(Set<String> before) throws Exception {
    Set<String> now = files();
    assertThat(now.stream().map(InstallIT::path))
        .containsAll(before.stream().map(InstallIT::path).toList());
    now.removeAll(before);
    return now.stream().map(InstallIT::path).collect(Collectors.toCollection(TreeSet::new));
  }

  private static String path(String line) {
    return line.substring(0, line.indexOf('\t'));
  }
}
