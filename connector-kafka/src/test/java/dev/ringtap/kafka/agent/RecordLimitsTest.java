package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the producer's settings leave for a value. */
@Timeout(20)
class RecordLimitsTest {
  private static final int AROUND_VALUE_BYTES = 512;

  @ParameterizedTest
  @CsvSource({
    "524288, 1048576, 524288",
    "20000, 1048576, 20000",
    "4000000, 1048576, 1048576",
    "512, 9999, 512"
  })
  void smallerOfBothSettingsCounts(String batchSize, String maxRequestSize, int most) {
    Properties settings = new Properties();
    settings.setProperty("batch.size", batchSize);
    settings.setProperty("max.request.size", maxRequestSize);
    assertThat(RecordLimits.of(7, settings))
        .isEqualTo(new RecordLimits(7, most - AROUND_VALUE_BYTES));
  }

  @Test
  void whatIsNotSetIsKafkasDefault() {
    assertThat(RecordLimits.of(1, new Properties()).bytes())
        .isEqualTo((16 << 10) - AROUND_VALUE_BYTES);
  }
}
