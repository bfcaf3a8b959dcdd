package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.testkit.Packets;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.DefaultPluginManager;
import org.apache.flink.core.plugin.DirectoryBasedPluginFinder;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Capture files in a bucket: by Flink's own plugin, on Adobe's S3Mock. */
@Timeout(400)
class S3IT {
  private static final Path JARS = Path.of("target", "s3");
  private static final Pattern PORT = Pattern.compile("started on ports .* (\\d+) \\(http\\)");
  private static final String BUCKET = "captures";

  @TempDir private static Path directory;

  private static Process server;
  private static URI endpoint;

  @BeforeAll
  static void start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-jar",
            JARS.resolve("server.jar").toString(),
            "--server.port=0",
            "--http.port=0",
            "--com.adobe.testing.s3mock.store.initial-buckets=" + BUCKET,
            "--com.adobe.testing.s3mock.store.root="
                + Files.createDirectory(directory.resolve("store")));
    server = builder.redirectErrorStream(true).start();
    endpoint = URI.create("http://localhost:" + port(server.inputReader()));
    Configuration configuration = new Configuration();
    configuration.setString("s3.endpoint", endpoint.toString());
    configuration.setString("s3.path-style-access", "true");
    configuration.setString("s3.region", "us-east-1");
    configuration.setString("s3.access-key", "any");
    configuration.setString("s3.secret-key", "any");
    FileSystem.initialize(
        configuration,
        new DefaultPluginManager(
            new DirectoryBasedPluginFinder(JARS.resolve("plugins")).findPlugins(),
            CoreOptions.getPluginParentFirstLoaderPatterns(configuration)));
  }

  private static int port(BufferedReader lines) throws IOException {
    List<String> seen = new ArrayList<>();
    for (String line; (line = lines.readLine()) != null; ) {
      Matcher port = PORT.matcher(line);
      if (port.find()) {
        // what it prints from now on is read too, or it would stop
        Thread.ofVirtual().start(() -> lines.lines().forEach(each -> {}));
        return Integer.parseInt(port.group(1));
      }
      seen.add(line);
    }
    throw new IOException("the server of S3 has ended:\n" + String.join("\n", seen));
  }

  @AfterAll
  static void end() {
    FileSystem.initialize(new Configuration(), null);
    if (server != null) {
      server.destroy();
    }
  }

  private static void put(Path file, String key) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(endpoint.resolve("/" + BUCKET + "/" + key))
            .PUT(HttpRequest.BodyPublishers.ofFile(file))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void readsAndWritesABucket() throws Exception {
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      byte[] frame = Packets.frameOfLength(60 + i);
      frames.add(i % 3 == 0 ? frame : Packets.tag(frame, 0x8100, i % 3));
    }
    Path file = PcapFile.write(directory.resolve("a.pcap"), frames);
    put(file, "in/a.pcap");
    put(file, "in/deeper/b.pcap");
    TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inBatchMode());
    tables.executeSql(
        "CREATE TABLE onDisk (`timestamp` TIMESTAMP_LTZ(9), vlan_id INT, payload BYTES) WITH ("
            + "'connector' = 'ringtap', 'path' = '"
            + file
            + "')");
    tables.executeSql(
        "CREATE TABLE captures (`timestamp` TIMESTAMP_LTZ(9), vlan_id INT, payload BYTES) WITH ("
            + "'connector' = 'filesystem', 'path' = 's3://captures/in', 'format' = 'pcap')");
    String columns = "SELECT `timestamp`, vlan_id, payload FROM ";
    assertThat(Queries.sorted(tables, columns + "captures"))
        .hasSize(2 * frames.size())
        .isEqualTo(Queries.sorted(tables, columns + "onDisk UNION ALL " + columns + "onDisk"));

    tables.executeSql(
        "CREATE TABLE archive (`timestamp` TIMESTAMP_LTZ(9), payload BYTES, vlan STRING)"
            + " PARTITIONED BY (vlan) WITH ('connector' = 'filesystem',"
            + " 'path' = 's3://captures/archive', 'format' = 'pcap')");
    tables
        .executeSql(
            "INSERT INTO archive SELECT `timestamp`, payload,"
                + " COALESCE(CAST(vlan_id AS STRING), 'none') FROM captures")
        .await();
    assertThat(Queries.sorted(tables, "SELECT `timestamp`, payload FROM archive"))
        .isEqualTo(Queries.sorted(tables, "SELECT `timestamp`, payload FROM captures"));
    assertThat(Queries.sorted(tables, "SELECT DISTINCT vlan FROM archive"))
        .containsExactly("+I[1]", "+I[2]", "+I[none]");
  }
}
