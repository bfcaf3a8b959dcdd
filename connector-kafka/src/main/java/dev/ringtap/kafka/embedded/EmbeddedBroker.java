package dev.ringtap.kafka.embedded;

import dev.ringtap.kafka.embedded.BrokerException.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.SharedServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapDirectory;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.fault.FaultHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A Kafka cluster of one node inside this process: broker and KRaft controller, on the loopback
 * address alone, without TLS or passwords: every user of the machine can read from and write to it,
 * though its directory is its owner's alone. It keeps its records and its cluster id in a directory
 * and goes on from there the next time, also after it was killed.
 *
 * <p>From the first start on, Kafka code in this process cannot end the process: where Kafka wants
 * to exit, the broker counts as failed instead, and {@link #awaitEnd} throws.
 *
 * <p>Thread-safe.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(EmbeddedBroker.class.getName());

  private static final String HOST = "127.0.0.1";
  private static final int NODE_ID = 1;
  private static final String CONTROLLER_LISTENER = "CONTROLLER";

  /** Longest wait for the controller to note that the broker leaves; it takes milliseconds. */
  private static final Duration LEAVE = Duration.ofSeconds(5);

  private static final Set<EmbeddedBroker> RUNNING = ConcurrentHashMap.newKeySet();

  private final BrokerDirectory directory;
  private final Listener brokerListener;
  private final Listener controllerListener;
  private final Map<String, String> settings;
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  private String clusterId = "";
  private @Nullable ControllerServer controller;
  private @Nullable BrokerServer broker;
  private boolean closed;

  private EmbeddedBroker(
      BrokerDirectory directory,
      Listener brokerListener,
      Listener controllerListener,
      Map<String, String> settings) {
    this.directory = directory;
    this.settings = settings;
    this.brokerListener = brokerListener;
    this.controllerListener = controllerListener;
  }

  /**
   * Starts a broker and returns when clients can work with it.
   *
   * @param directory where it keeps its data; made where it is missing, formatted on first use
   * @param port TCP port on 127.0.0.1; 0 takes a free one
   * @throws BrokerException if the port or the directory is in use, the directory is not writable
   *     or is somebody else's, or Kafka gave up; nothing is left running
   */
  public static EmbeddedBroker start(Path directory, int port) throws IOException {
    return start(directory, port, Map.of());
  }

  /**
   * As {@link #start(Path, int)}.
   *
   * @param settings Kafka's own broker settings, over those of this class
   */
  public static EmbeddedBroker start(Path directory, int port, Map<String, String> settings)
      throws IOException {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " is not within 0..65535");
    }
    Exit.setExitProcedure(EmbeddedBroker::kafkaWantsToExit);
    Exit.setHaltProcedure(EmbeddedBroker::kafkaWantsToExit);

    BrokerDirectory held = BrokerDirectory.take(directory);
    Listener brokerListener = null;
    Listener controllerListener = null;
    EmbeddedBroker embedded = null;
    boolean started = false;
    try {
      brokerListener = Listener.open(port);
      controllerListener = Listener.open(0);
      embedded = new EmbeddedBroker(held, brokerListener, controllerListener, settings);
      embedded.run();
      started = true;
      return embedded;
    } catch (BrokerException e) {
      throw e;
    } catch (Exception e) {
      throw gaveUp("start", held.path(), embedded == null ? e : embedded.failureOr(e));
    } finally {
      if (embedded == null) {
        Listener.close(brokerListener);
        Listener.close(controllerListener);
        held.close();
      } else if (!started) {
        embedded.close();
      }
    }
  }

  /**
   * Where the broker of the {@code ringtap} command keeps its data unless told otherwise: {@code
   * ringtap/broker} in XDG_STATE_HOME, which by default is {@code ~/.local/state}.
   */
  public static Path defaultDirectory() {
    String state = System.getenv("XDG_STATE_HOME");
    Path base;
    // The XDG specification has relative paths ignored.
    if (state != null && Path.of(state).isAbsolute()) {
      base = Path.of(state);
    } else {
      String home = System.getenv("HOME");
      base =
          Path.of(
              home == null || home.isEmpty() ? System.getProperty("user.home") : home,
              ".local",
              "state");
    }
    return base.resolve("ringtap").resolve("broker");
  }

  /** What a client's {@code bootstrap.servers} takes: {@code 127.0.0.1:PORT}. */
  public String bootstrapServers() {
    return HOST + ":" + brokerListener.port();
  }

  /** The TCP port on 127.0.0.1. */
  public int port() {
    return brokerListener.port();
  }

  /** The directory with the data, absolute and without links. */
  public Path directory() {
    return directory.path();
  }

  /** The cluster's id, the same for every start on this directory. */
  public String clusterId() {
    return clusterId;
  }

  /**
   * Waits until the broker is closed.
   *
   * @throws BrokerException if it failed instead; close it still
   */
  public void awaitEnd() throws IOException, InterruptedException {
    try {
      end.get();
    } catch (ExecutionException e) {
      throw gaveUp("go on", directory.path(), end.exceptionNow());
    }
  }

  /** Ends the broker and returns when its data is on disk and its port is free. */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      RUNNING.remove(this);
      try {
        if (broker != null) {
          broker.shutdown(LEAVE);
        }
      } finally {
        try {
          if (controller != null) {
            controller.shutdown();
          }
        } finally {
          Listener.close(brokerListener);
          Listener.close(controllerListener);
          directory.close();
          end.complete(null);
        }
      }
    }
  }

  private void run() throws Exception {
    RUNNING.add(this);
    KafkaConfig config = new KafkaConfig(properties(), false);
    format();
    MetaPropertiesEnsemble identity =
        KafkaRaftServer.initializeLogDirs(config, LoggerFactory.getLogger(EmbeddedBroker.class), "")
            ._1();
    clusterId = identity.clusterId().orElseThrow();
    SharedServer shared =
        new SharedServer(
            config,
            identity,
            Time.SYSTEM,
            new Metrics(),
            CompletableFuture.completedFuture(
                QuorumConfig.parseVoterConnections(config.quorumConfig().voters())),
            List.of(),
            this::faultHandler,
            this::openServerSocket);
    controller =
        new ControllerServer(
            shared,
            KafkaRaftServer.configSchema(),
            new BootstrapDirectory(directory.data().toString()).read());
    broker = new BrokerServer(shared);
    controller.startup();
    broker.startup();
    // The controller has let the broker in; clients ask the broker's own view, which follows.
    while (!broker.metadataCache().hasAliveBroker(NODE_ID)) {
      if (end.isCompletedExceptionally()) {
        end.get();
      }
      Thread.sleep(1);
    }
  }

  private Properties properties() throws IOException {
    Properties properties = new Properties();
    properties.load(
        new StringReader(
            """
            process.roles=broker,controller
            node.id=1
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
            inter.broker.listener.name=PLAINTEXT
            controller.listener.names=CONTROLLER
            auto.create.topics.enable=false

            # A record's time is its packet's: neither an old capture nor one from a clock that runs
            # ahead may be deleted, refused, or cut into segments for it.
            log.retention.ms=-1
            log.message.timestamp.after.max.ms=9223372036854775807
            log.roll.ms=9223372036854775807

            # One node.
            offsets.topic.replication.factor=1
            offsets.topic.num.partitions=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            transaction.state.log.num.partitions=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            share.coordinator.state.topic.num.partitions=1
            group.initial.rebalance.delay.ms=0

            # After a kill the controller waits for the dead broker's session to expire before it
            # lets the new one in: 9 s by default. Too short, and a stalled process fences itself.
            broker.session.timeout.ms=2000
            broker.heartbeat.interval.ms=500

            # A guest in this process: few threads, and 2 MiB instead of 128 for compacting offsets.
            num.network.threads=2
            num.io.threads=4
            background.threads=2
            group.coordinator.threads=1
            share.coordinator.threads=1
            log.cleaner.dedupe.buffer.size=2097152
            """));
    String controllerAddress = controllerListener.address();
    properties.setProperty(
        "listeners",
        "PLAINTEXT://%s,CONTROLLER://%s".formatted(brokerListener.address(), controllerAddress));
    properties.setProperty("controller.quorum.voters", NODE_ID + "@" + controllerAddress);
    properties.setProperty("log.dirs", directory.data().toString());
    properties.putAll(settings);
    return properties;
  }

  /** Kafka writes meta.properties last, so a directory that lacks it is not formatted yet. */
  private void format() throws Exception {
    Path data = directory.data();
    if (Files.exists(data.resolve(MetaPropertiesEnsemble.META_PROPERTIES_NAME))) {
      return;
    }
    new Formatter()
        .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
        .setNodeId(NODE_ID)
        .setClusterId(Uuid.randomUuid().toString())
        .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
        .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
        .setControllerListenerName(CONTROLLER_LISTENER)
        .setMetadataLogDirectory(data.toString())
        .setDirectories(List.of(data.toString()))
        .run();
  }

  /** Kafka gets the sockets that are bound already: nobody can take a port in between. */
  private ServerSocketChannel openServerSocket(
      String listenerName, InetSocketAddress address, int backlog, int receiveBufferBytes)
      throws IOException {
    Listener listener =
        listenerName.equals(CONTROLLER_LISTENER) ? controllerListener : brokerListener;
    if (address.getPort() != listener.port()) {
      throw new IOException(
          "Kafka wants %s for listener %s, not %s"
              .formatted(address, listenerName, listener.address()));
    }
    return listener.socket();
  }

  private FaultHandler faultHandler(String name, boolean fatal, Runnable action) {
    return (message, cause) -> {
      action.run();
      RuntimeException fault = new IllegalStateException(name + ": " + message, cause);
      if (fatal) {
        fail(fault);
      } else {
        LOG.log(System.Logger.Level.WARNING, "Kafka met a fault", fault);
      }
      return fault;
    };
  }

  private void fail(Throwable cause) {
    end.completeExceptionally(cause);
  }

  /** What Kafka reported as its fault says more than what followed from it. */
  private Throwable failureOr(Throwable otherwise) {
    return end.isCompletedExceptionally() ? end.exceptionNow() : otherwise;
  }

  /** Kafka does not say which broker; where several run, all of them have to be looked at. */
  private static void kafkaWantsToExit(int status, String message) {
    String reason = message == null ? "a disk error or an internal one" : message;
    LOG.log(System.Logger.Level.ERROR, "Kafka wants to end this process: {0}", reason);
    RUNNING.forEach(
        embedded ->
            embedded.fail(
                new IllegalStateException(
                    "Kafka wanted to exit with status " + status + ": " + reason)));
  }

  private static BrokerException gaveUp(String what, Path directory, Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    if (cause instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    if (String.valueOf(root.getMessage()).contains("Failed to acquire lock on file .lock")) {
      return BrokerDirectory.inUse(directory.resolve("kafka"), "another Kafka broker", cause);
    }
    return new BrokerException(
        Reason.KAFKA,
        "The broker on %s cannot %s: %s. Is the disk full? If its files are damaged, move them away and start again."
            .formatted(directory, what, root.getMessage() == null ? root : root.getMessage()),
        cause);
  }

  /** A TCP port on 127.0.0.1 that is ours. */
  private record Listener(ServerSocketChannel socket, int port) {
    static Listener open(int port) throws IOException {
      ServerSocketChannel socket = ServerSocketChannel.open();
      boolean bound = false;
      try {
        socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port));
        socket.configureBlocking(false);
        bound = true;
        return new Listener(socket, ((InetSocketAddress) socket.getLocalAddress()).getPort());
      } catch (BindException e) {
        throw new BrokerException(
            Reason.PORT_IN_USE,
            "Cannot listen on %s:%d: another program does. Name another port (--port; 0 takes a free one) or use what runs there (-b)."
                .formatted(HOST, port),
            e);
      } catch (IOException e) {
        throw new BrokerException(
            Reason.PORT_IN_USE,
            "Cannot listen on %s:%d: %s. Name another port (--port; 0 takes a free one)."
                .formatted(HOST, port, e.getMessage()),
            e);
      } finally {
        if (!bound) {
          socket.close();
        }
      }
    }

    static void close(@Nullable Listener listener) throws IOException {
      if (listener != null) {
        listener.socket.close();
      }
    }

    String address() {
      return HOST + ":" + port;
    }
  }
}
