package dev.ringtap.flink.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.testframe.environment.MiniClusterTestEnvironment;
import org.apache.flink.connector.testframe.external.ExternalContextFactory;
import org.apache.flink.connector.testframe.external.ExternalSystemSplitDataWriter;
import org.apache.flink.connector.testframe.external.source.DataStreamSourceExternalContext;
import org.apache.flink.connector.testframe.external.source.TestingSourceSettings;
import org.apache.flink.connector.testframe.junit.annotations.TestContext;
import org.apache.flink.connector.testframe.junit.annotations.TestEnv;
import org.apache.flink.connector.testframe.junit.annotations.TestSemantics;
import org.apache.flink.connector.testframe.testsuites.SourceTestSuiteBase;
import org.apache.flink.core.execution.CheckpointingMode;
import org.junit.jupiter.api.Timeout;

/**
 * Flink's own test suite for sources, on capture files; unbounded ones grow while they are read.
 */
@Timeout(60)
class FileSourceSuiteIT extends SourceTestSuiteBase<String> {
  @TestEnv MiniClusterTestEnvironment cluster = new MiniClusterTestEnvironment();

  @TestSemantics CheckpointingMode[] semantics = {CheckpointingMode.EXACTLY_ONCE};

  @TestContext ExternalContextFactory<Captures> files = name -> new Captures();

  /** A directory of capture files, one for each split. */
  static final class Captures implements DataStreamSourceExternalContext<String> {
    private final Path directory;
    private int files;

    Captures() {
      try {
        directory = Files.createTempDirectory("captures");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Source<String, ?, ?> createSource(TestingSourceSettings settings) {
      PacketSourceBuilder<String> source =
          PacketSource.<String>builder().files(directory).deserializer(new TextDeserializer());
      return settings.getBoundedness() == Boundedness.BOUNDED
          ? source.build()
          : source.follow().build();
    }

    @Override
    public ExternalSystemSplitDataWriter<String> createSourceSplitDataWriter(
        TestingSourceSettings settings) {
      Path file = directory.resolve("split-" + files++ + ".pcap");
      try {
        PcapFile.create(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new ExternalSystemSplitDataWriter<>() {
        @Override
        public void writeRecords(List<String> records) {
          try {
            PcapFile.append(file, records.stream().map(TextDeserializer::frame).toList(), 0);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public List<String> generateTestData(
        TestingSourceSettings settings, int splitIndex, long seed) {
      Random random = new Random(seed);
      List<String> records = new ArrayList<>();
      int count = 200 + random.nextInt(200);
      for (int i = 0; i < count; i++) {
        records.add(splitIndex + "-" + i + "-" + Integer.toHexString(random.nextInt()));
      }
      return records;
    }

    @Override
    public TypeInformation<String> getProducedType() {
      return Types.STRING;
    }

    @Override
    public List<URL> getConnectorJarPaths() {
      return List.of();
    }

    @Override
    public void close() throws IOException {
      try (var all = Files.list(directory)) {
        for (Path file : all.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }
}
