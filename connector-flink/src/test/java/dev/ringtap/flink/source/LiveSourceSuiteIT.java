package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.time.Duration;
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
 * Flink's own test suite for sources, on a live wire. A wire keeps nothing: what the suite writes
 * before its job runs is sent once the job captures.
 */
@Timeout(60)
class LiveSourceSuiteIT extends SourceTestSuiteBase<String> {
  @TestEnv MiniClusterTestEnvironment cluster = new MiniClusterTestEnvironment();

  @TestSemantics CheckpointingMode[] semantics = {CheckpointingMode.EXACTLY_ONCE};

  @TestContext ExternalContextFactory<Wire> wires = name -> new Wire();

  /** A wire in a private network. */
  static final class Wire implements DataStreamSourceExternalContext<String> {
    private static final long SETTLED_NANOS = 700_000_000;

    private final CaptureLab lab;
    private volatile boolean closed;

    Wire() {
      try {
        lab = CaptureLab.createOrSkip();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Source<String, ?, ?> createSource(TestingSourceSettings settings) {
      PacketSourceBuilder<String> source =
          PacketSource.<String>builder().capture(capture()).deserializer(new TextDeserializer());
      return settings.getBoundedness() == Boundedness.BOUNDED
          ? source.duration(Duration.ofSeconds(4)).build()
          : source.build();
    }

    private CaptureConfig capture() {
      try {
        return lab.capture().build();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public ExternalSystemSplitDataWriter<String> createSourceSplitDataWriter(
        TestingSourceSettings settings) {
      return new ExternalSystemSplitDataWriter<>() {
        @Override
        public void writeRecords(List<String> records) {
          Thread sender = new Thread(() -> sendWhenCaptured(records), "sender");
          sender.setDaemon(true);
          sender.start();
        }

        @Override
        public void close() {}
      };
    }

    private void sendWhenCaptured(List<String> records) {
      try {
        int opened = -1;
        long since = System.nanoTime();
        while (!closed && System.nanoTime() - since < SETTLED_NANOS) {
          Thread.sleep(20);
          int now = lab.opened();
          if (now != opened || now == lab.ledgers().size()) {
            opened = now;
            since = System.nanoTime();
          }
        }
        lab.send(records.stream().map(TextDeserializer::frame).toList());
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
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
    public void close() {
      closed = true;
      lab.close();
    }
  }
}
