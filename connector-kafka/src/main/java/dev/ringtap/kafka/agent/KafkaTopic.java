package dev.ringtap.kafka.agent;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Finds out, before anything is captured, that the brokers answer and the topic is there. */
final class KafkaTopic {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);

  private static final long RETRY_MILLIS = 20;

  private KafkaTopic() {}

  /**
   * Makes sure of the topic, and creates it where it is missing.
   *
   * @param settings producer settings; the admin client takes those that it knows, security among
   *     them
   * @param partitions partitions of a new topic; its replication is the broker's default
   * @return all brokers, by name and port
   * @throws AgentException if no broker answers within 15 s, or it refuses
   */
  static Set<HostPort> ensure(Properties settings, String topic, int partitions)
      throws AgentException {
    String servers = settings.getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    Properties adminSettings = new Properties();
    for (String name : settings.stringPropertyNames()) {
      if (AdminClientConfig.configNames().contains(name)) {
        adminSettings.setProperty(name, settings.getProperty(name));
      }
    }
    adminSettings.remove(CommonClientConfigs.CLIENT_ID_CONFIG);
    long deadline = System.nanoTime() + CONNECT_TIMEOUT.toNanos();
    Admin admin = null;
    try {
      admin = Admin.create(adminSettings);
      Set<HostPort> brokers = new LinkedHashSet<>();
      for (Node node : answer(admin.describeCluster().nodes(), deadline)) {
        brokers.add(HostPort.of(node));
      }
      if (!exists(admin, topic, deadline)) {
        create(admin, topic, partitions, deadline);
      }
      return brokers;
    } catch (TimeoutException | org.apache.kafka.common.errors.TimeoutException e) {
      throw AgentException.temporary(
          ("no Kafka broker answered at %s within %s s; check -b, and the security settings"
                  + " if the broker wants TLS or SASL")
              .formatted(servers, CONNECT_TIMEOUT.toSeconds()),
          e);
    } catch (SslAuthenticationException e) {
      throw AgentException.of(
          ("no TLS connection to %s; check ssl.truststore.location, and ssl.keystore.location"
                  + " if the broker wants a certificate")
              .formatted(servers),
          e);
    } catch (AuthenticationException e) {
      throw AgentException.of("the broker at " + servers + " refused the login", e);
    } catch (AuthorizationException e) {
      throw new AgentException(
          ("not authorised on %s for topic '%s': %s; grant WRITE on it, and CREATE if it does"
                  + " not exist yet")
              .formatted(servers, topic, e.getMessage()),
          e);
    } catch (InvalidTopicException e) {
      throw new AgentException("topic '" + topic + "' is not a valid name: " + e.getMessage(), e);
    } catch (KafkaException e) {
      throw AgentException.of("cannot use Kafka at " + servers, e);
    } finally {
      if (admin != null) {
        admin.close(Duration.ZERO);
      }
    }
  }

  private static boolean exists(Admin admin, String topic, long deadline) throws TimeoutException {
    try {
      answer(admin.describeTopics(List.of(topic)).allTopicNames(), deadline);
      return true;
    } catch (UnknownTopicOrPartitionException e) {
      return false;
    }
  }

  private static void create(Admin admin, String topic, int partitions, long deadline)
      throws TimeoutException {
    NewTopic wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty());
    try {
      answer(admin.createTopics(List.of(wanted)).all(), deadline);
    } catch (TopicExistsException e) {
      // somebody else was faster, with partitions of their own number
      return;
    }
    awaitLeaders(admin, topic, partitions, deadline);
  }

  /**
   * Waits until the leaders of a new topic's partitions answer. A producer that is faster may have
   * its first batch refused and its second one taken, and then waits for ever for the first
   * (KAFKA-15591).
   */
  private static void awaitLeaders(Admin admin, String topic, int partitions, long deadline)
      throws TimeoutException {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
    }
    while (true) {
      try {
        answer(admin.listOffsets(ends).all(), deadline);
        return;
      } catch (RetriableException e) {
        // the broker that was asked has not heard of the topic yet
        pause(deadline, e);
      }
    }
  }

  private static void pause(long deadline, RetriableException reason) {
    if (System.nanoTime() > deadline) {
      throw reason;
    }
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted", e);
    }
  }

  private static <T> T answer(KafkaFuture<T> future, long deadline) throws TimeoutException {
    try {
      return future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException
          ? (KafkaException) e.getCause()
          : new KafkaException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted", e);
    }
  }
}
