package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.DisconnectException;
import org.junit.jupiter.api.Test;

class AgentExceptionTest {
  @Test
  void aFailureWithoutAMessageIsNamedByItsClass() {
    assertThat(AgentException.sentence(new IOException("disk full"))).isEqualTo("disk full");
    assertThat(AgentException.sentence(new ClosedChannelException()))
        .isEqualTo("java.nio.channels.ClosedChannelException");
  }

  @Test
  void kafkasExceptionsWithoutAMessageAreNamedByTheirClass() {
    KafkaException disconnected = new DisconnectException();
    assertThat(AgentException.of("cannot use Kafka", disconnected))
        .hasMessage("cannot use Kafka: DisconnectException");
    KafkaException reset = new DisconnectException(null, new IOException("reset"));
    assertThat(AgentException.of("cannot use Kafka", reset))
        .hasMessage("cannot use Kafka: DisconnectException: reset");
    KafkaException closed = new DisconnectException(null, new ClosedChannelException());
    assertThat(AgentException.of("cannot use Kafka", closed))
        .hasMessage("cannot use Kafka: DisconnectException: ClosedChannelException");
  }
}
