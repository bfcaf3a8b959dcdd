package dev.ringtap.kafka.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;

/** Keys and certificates of a broker and of a client, each of which trusts the other one's. */
final class Certificates {
  static final String PASSWORD = "store-9e41d2";

  private static final String TYPE = "PKCS12";

  private final Path directory;

  private Certificates(Path directory) {
    this.directory = directory;
  }

  /** Makes them with the JDK's keytool, as files in a directory. */
  static Certificates make(Path directory) throws Exception {
    Certificates certificates = new Certificates(directory);
    certificates.makeKey("broker");
    certificates.makeKey("client");
    // Kafka wants that a broker can connect to itself
    certificates.makeTrustStore("broker-trust", "client", "broker");
    certificates.makeTrustStore("client-trust", "broker");
    certificates.makeTrustStore("stranger-trust", "client");
    return certificates;
  }

  private Path store(String name) {
    return directory.resolve(name + ".p12");
  }

  private void makeKey(String name) throws IOException, InterruptedException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1",
                "-keyalg",
                "EC",
                "-keystore",
                store(name).toString(),
                "-storetype",
                TYPE,
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool ended with " + keytool.exitValue());
    }
  }

  private void makeTrustStore(String trustStore, String... names)
      throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(TYPE);
    trusted.load(null, null);
    for (String name : names) {
      KeyStore keys = KeyStore.getInstance(store(name).toFile(), PASSWORD.toCharArray());
      trusted.setCertificateEntry(name, keys.getCertificate(name));
    }
    try (OutputStream out = Files.newOutputStream(store(trustStore))) {
      trusted.store(out, PASSWORD.toCharArray());
    }
  }

  /** Kafka's settings for the broker. */
  Map<String, String> ofBroker() {
    return settings("broker", "broker-trust");
  }

  /** Kafka's settings for the client. */
  Map<String, String> ofClient() {
    return settings("client", "client-trust");
  }

  /** Kafka's settings for a client without a certificate that does not trust the broker. */
  Map<String, String> ofStranger() {
    return trusting("stranger-trust");
  }

  /** Kafka's settings for a client without a certificate. */
  Map<String, String> ofAnonymous() {
    return trusting("client-trust");
  }

  private Map<String, String> trusting(String trustStore) {
    return Map.of(
        "ssl.truststore.location",
        store(trustStore).toString(),
        "ssl.truststore.password",
        PASSWORD);
  }

  private Map<String, String> settings(String name, String trustStore) {
    return Map.of(
        "ssl.keystore.location", store(name).toString(),
        "ssl.keystore.password", PASSWORD,
        "ssl.key.password", PASSWORD,
        "ssl.truststore.location", store(trustStore).toString(),
        "ssl.truststore.password", PASSWORD);
  }
}
