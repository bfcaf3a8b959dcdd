package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.agent.CaptureUnderLoad.Arrived;
import dev.ringtap.kafka.cli.Launcher;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.JMRuntimeException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker that wants TLS and a login; that the login works, and that it shows nowhere. */
@Timeout(120)
class SecureBrokerIT {
  private static final Duration DRAIN = Duration.ofSeconds(30);

  private static final String USER = "ringtap";
  private static final String MECHANISM = "SCRAM-SHA-512";
  private static final String PASSWORD = "sasl-7f31c9";
  private static final String WRONG_PASSWORD = "wrong-15d0aa";
  private static final String REGISTRY_PASSWORD = "registry-c02b44";

  private static final List<String> SECRETS =
      List.of(PASSWORD, WRONG_PASSWORD, REGISTRY_PASSWORD, Certificates.PASSWORD);

  @TempDir static Path directory;

  private static Certificates certificates;
  private static EmbeddedBroker broker;

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.make(directory);
    // a certificate is enough here to make the login, which the broker keeps
    try (EmbeddedBroker first = startBroker("SSL");
        Admin admin = Admin.create(tls(first, certificates.ofClient()))) {
      ScramCredentialInfo kind = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
      admin
          .alterUserScramCredentials(
              List.of(new UserScramCredentialUpsertion(USER, kind, PASSWORD)))
          .all()
          .get();
    }
    broker = startBroker("SASL_SSL");
  }

  @AfterAll
  static void stop() throws IOException {
    if (broker != null) {
      broker.close();
    }
  }

  private static EmbeddedBroker startBroker(String protocol) throws IOException {
    Map<String, String> settings = new HashMap<>(certificates.ofBroker());
    settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:" + protocol);
    settings.put("ssl.client.auth", protocol.equals("SSL") ? "required" : "none");
    settings.put("sasl.enabled.mechanisms", MECHANISM);
    settings.put("sasl.mechanism.inter.broker.protocol", MECHANISM);
    settings.put("listener.name.plaintext.scram-sha-512.sasl.jaas.config", login(PASSWORD));
    return EmbeddedBroker.start(directory.resolve("broker"), 0, settings);
  }

  private static String login(String password) {
    return "org.apache.kafka.common.security.scram.ScramLoginModule required"
        + " username=\"%s\" password=\"%s\";".formatted(USER, password);
  }

  private static Properties tls(EmbeddedBroker broker, Map<String, String> certificates) {
    Properties settings = AgentRuns.settings(broker, "security.protocol", "SSL");
    settings.putAll(certificates);
    return settings;
  }

  private static Properties scram(String password) {
    Properties settings = tls(broker, certificates.ofAnonymous());
    settings.setProperty("security.protocol", "SASL_SSL");
    settings.setProperty("sasl.mechanism", MECHANISM);
    settings.setProperty("sasl.jaas.config", login(password));
    return settings;
  }

  private static void requireRoot() {
    Requirements.privateNetwork();
  }

  private static void assertNoSecret(String where, String text) {
    assertThat(text).as(where).isNotEmpty().doesNotContain(SECRETS);
  }

  @Test
  void capturesOverMutualTls() throws Exception {
    requireRoot();
    Path other = Files.createDirectory(directory.resolve("other"));
    Map<String, String> settings = new HashMap<>(certificates.ofBroker());
    settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:SSL");
    settings.put("ssl.client.auth", "required");
    try (EmbeddedBroker tlsBroker = EmbeddedBroker.start(other, 0, settings)) {
      Properties client = tls(tlsBroker, certificates.ofClient());
      try (CaptureUnderLoad capture = CaptureUnderLoad.start(client, DRAIN)) {
        capture.awaitArrivals(5000);
        Ledger ledger = capture.finish();
        Arrived.of(client).assertExactlyOnce(ledger);
      }
      assertRefused(tls(tlsBroker, certificates.ofStranger()), "PKIX path building failed");
      assertRefused(tls(tlsBroker, certificates.ofAnonymous()), "certificate");
    }
  }

  @Test
  void capturesWithALogin() throws Exception {
    requireRoot();
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(scram(PASSWORD), DRAIN)) {
      capture.awaitArrivals(5000);
      assertNoSecret("JMX", managementBeans());
      Ledger ledger = capture.finish();
      Arrived.of(scram(PASSWORD)).assertExactlyOnce(ledger);
    }
  }

  @Test
  void wrongLoginIsAClearErrorAtOnce() {
    assertRefused(scram(WRONG_PASSWORD), "refused the login: Authentication failed");
    Properties wrongStore = scram(PASSWORD);
    wrongStore.setProperty("ssl.truststore.password", WRONG_PASSWORD);
    assertRefused(wrongStore, "password was incorrect");
    Properties noModule = scram(PASSWORD);
    noModule.setProperty("sasl.jaas.config", login(PASSWORD).replace("ScramLogin", "Other"));
    assertRefused(noModule, "OtherModule");
  }

  private static void assertRefused(Properties settings, String why) {
    AgentConfig.KafkaTarget target =
        new AgentConfig.KafkaTarget("packets", 1, RecordKey.NONE, settings, false);
    AgentConfig config =
        new AgentConfig(
            new AgentConfig.Replay(Path.of("unread"), null, null), target, 0, null, DRAIN);
    long start = System.nanoTime();
    AgentException refused =
        catchThrowableOfType(AgentException.class, () -> CaptureAgent.open(config));
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(14));
    assertThat(refused).hasMessageContaining(why).hasMessageContaining("127.0.0.1");
    StringWriter trace = new StringWriter();
    refused.printStackTrace(new PrintWriter(trace, true));
    assertNoSecret("exception", trace.toString());
    assertNoSecret("toString", config.toString());
  }

  /** All attributes of all beans in this process, where the agent and its producer are. */
  private static String managementBeans() throws JMException {
    MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    StringBuilder text = new StringBuilder();
    for (ObjectName name : beans.queryNames(new ObjectName("kafka.producer:*"), null)) {
      text.append(name).append('\n');
      for (MBeanAttributeInfo attribute : beans.getMBeanInfo(name).getAttributes()) {
        try {
          text.append(beans.getAttribute(name, attribute.getName())).append('\n');
        } catch (JMRuntimeException e) {
          text.append(e).append('\n');
        }
      }
    }
    return text.toString();
  }

  /**
   * The command with its log at its loudest. It waits for the broker: so loud, on a loaded machine,
   * it may take longer than a start without --wait.
   */
  @Test
  void secretsOfTheCommandShowNowhere() throws Exception {
    Requirements.privateNetwork();
    Path settings = settingsFile("right.properties", scram(PASSWORD));
    Path report = directory.resolve("report.json");
    Path frames = directory.resolve("frames.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(frames)) {
      writer.addInterface(CaptureId.on("eth7"), 1, 262_144);
    }
    Path nothing = Files.writeString(directory.resolve("nothing.bpf"), "1\n6 0 0 0\n");
    Path err = directory.resolve("err");
    Process process =
        Launcher.start(
            Launcher.SCRIPT,
            err,
            loudest(),
            "capture",
            "-i",
            "lo",
            "--wait",
            "-B",
            "2",
            "-b",
            broker.bootstrapServers(),
            "--producer-config",
            settings.toString(),
            "--report",
            report.toString(),
            "--bpf",
            nothing.toString());
    try {
      while (!Files.readString(err).contains("Kafka answers, frames are sent")) {
        assertThat(process.isAlive()).as(Files.readString(err)).isTrue();
        Thread.sleep(20);
      }
      Path proc = Path.of("/proc", Long.toString(process.pid()));
      String arguments = Files.readString(proc.resolve("cmdline"));
      assertThat(arguments).contains("--producer-config");
      assertNoSecret("arguments", arguments);
      assertNoSecret("environment", Files.readString(proc.resolve("environ")));
      process.toHandle().destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    } finally {
      process.destroyForcibly();
    }
    String log = Files.readString(err);
    assertThat(log).contains("sasl.jaas.config = [hidden]", "FINE");
    assertNoSecret("log", log);
    assertNoSecret("report", Files.readString(report));

    Path wrong = settingsFile("wrong.properties", scram(WRONG_PASSWORD));
    String[] noLogin = {"dump", "-b", broker.bootstrapServers(), "-e", "--consumer-config"};
    assertFailsWithoutSecrets("uthentication failed", noLogin, wrong.toString());
    Path registry = directory.resolve("registry");
    Files.writeString(registry, "http://" + USER + ":" + REGISTRY_PASSWORD + "@127.0.0.1:1");
    String[] noRegistry = {
      "capture", "-r", frames.toString(), "--producer-config", settings.toString(), "--registry"
    };
    assertFailsWithoutSecrets("127.0.0.1:1", noRegistry, "@" + registry);
  }

  private static void assertFailsWithoutSecrets(String why, String[] command, String last)
      throws Exception {
    String[] all = Arrays.copyOf(command, command.length + 1);
    all[command.length] = last;
    Launcher.Result result = Launcher.run(Launcher.SCRIPT, loudest(), all);
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains(why);
    assertNoSecret("log", result.err());
    assertThat(result.out()).doesNotContain(SECRETS);
  }

  private static Path settingsFile(String name, Properties settings) throws IOException {
    Path file = directory.resolve(name);
    try (Writer writer = Files.newBufferedWriter(file)) {
      settings.store(writer, null);
    }
    return file;
  }

  private static Map<String, String> loudest() throws IOException {
    Path logging = directory.resolve("logging.properties");
    Files.writeString(
        logging,
        """
        handlers = java.util.logging.ConsoleHandler
        java.util.logging.ConsoleHandler.level = ALL
        .level = ALL
        """);
    return Map.of("RINGTAP_JAVA_OPTS", "-Djava.util.logging.config.file=" + logging);
  }
}
