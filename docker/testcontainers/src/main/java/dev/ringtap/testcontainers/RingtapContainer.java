package dev.ringtap.testcontainers;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerNetwork;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.ImageNameSubstitutor;

/**
 * Ringtap's agent beside another container of a test: it captures what that one sends and receives,
 * and hands it to the test or ships it into a Kafka topic.
 *
 * <pre>{@code
 * try (RingtapContainer ringtap = new RingtapContainer().capturing(app)) {
 *   ringtap.start();
 *   ... // let the application do its work
 *   List<CapturedPacket> packets = ringtap.packets("tcp port 443");
 * }
 * }</pre>
 *
 * <p>It shares the other container's network, so it sees what is on the wire from its own start on,
 * and changes nothing there. It runs as its image's unprivileged user, with NET_RAW as its only
 * capability.
 *
 * <p>Nothing is missed silently: {@link #packets()} returns when all that was on the wire before
 * the call is there, and throws when the kernel had to drop a frame; {@link #ledger} counts all.
 */
public final class RingtapContainer extends GenericContainer<RingtapContainer> {
  /** With the library's own version as its tag. */
  static final DockerImageName IMAGE = DockerImageName.parse(defaultImage());

  private final DockerImageName image;
  private final List<Supplier<Collection<String>>> captured = new ArrayList<>();
  private final List<RingtapContainer> others = new ArrayList<>();
  private String interfaceName = "eth0";
  private @Nullable String captureFilter;
  private @Nullable List<String> kafka;
  private List<String> options = List.of();
  private @Nullable String tlsKeys;

  /** The one whose network it shares. */
  private String capturedId = "";

  /** The last one, kept beyond its end. */
  private @Nullable AgentRun run;

  /** An agent of this library's version, of the image that {@code docker/build agent} makes. */
  public RingtapContainer() {
    this(IMAGE);
  }

  /**
   * An agent of another version.
   *
   * @param image {@code ringtap/agent:0.1.0}
   */
  public RingtapContainer(String image) {
    this(DockerImageName.parse(image));
  }

  /**
   * An agent of an image that may have another name.
   *
   * @param image of the agent, or declared to be: {@code
   *     DockerImageName.parse("registry.example.com/ringtap-agent:0.1.0").asCompatibleSubstituteFor("ringtap/agent")}
   * @throws IllegalStateException if it is of another name and not declared so
   */
  public RingtapContainer(DockerImageName image) {
    super(image);
    image.assertCompatibleWith(DockerImageName.parse(IMAGE.getUnversionedPart()));
    this.image = image;
    Leftovers.register();
    waitingFor(new AgentStarted());
    withCreateContainerCmdModifier(
        command ->
            Objects.requireNonNull(command.getHostConfig())
                .withCapDrop(Capability.ALL)
                .withCapAdd(Capability.NET_RAW));
  }

  /**
   * Captures a container of this test; it is started first where that is still to be done. Call it
   * again to capture several.
   */
  public RingtapContainer capturing(GenericContainer<?> app) {
    captured.add(() -> List.of(app.getContainerId()));
    return dependsOn(app);
  }

  /** Captures a container that runs already. */
  public RingtapContainer capturing(String containerId) {
    captured.add(() -> List.of(containerId));
    return this;
  }

  /** Captures all containers that run in a network when this one is started. */
  public RingtapContainer capturing(Network network) {
    captured.add(
        () ->
            getDockerClient()
                .inspectNetworkCmd()
                .withNetworkId(network.getId())
                .exec()
                .getContainers()
                .keySet());
    return this;
  }

  /**
   * The interface of the captured container.
   *
   * @param name its name there, {@code eth0} unless set; {@code any} is all of them, the loopback
   *     too, with Linux cooked headers in the place of Ethernet's
   */
  public RingtapContainer onInterface(String name) {
    interfaceName = name;
    return this;
  }

  /**
   * Captures only what an expression of pcap-filter(7) keeps; the kernel leaves out the rest.
   *
   * @param expression as tcpdump takes it
   */
  public RingtapContainer withCaptureFilter(String expression) {
    captureFilter = expression;
    return this;
  }

  /**
   * Further options of {@code ringtap capture}, word by word: {@code withOptions("-B", "256")} for
   * a ring of 256 MiB.
   */
  public RingtapContainer withOptions(String... words) {
    options = List.of(words);
    return this;
  }

  /**
   * Puts the TLS keys of the captured container into what {@link #save} writes, so that Wireshark
   * decrypts it.
   *
   * @param path of the key log in the container, as {@code SSLKEYLOGFILE} there names it
   */
  public RingtapContainer withTlsKeys(String path) {
    tlsKeys = path;
    return this;
  }

  /**
   * Ships the frames into a topic, as Avro records, instead of handing them over. The connections
   * to the brokers themselves are left out.
   *
   * @param bootstrapServers brokers as the captured container reaches them; with Testcontainers'
   *     KafkaContainer the listener that {@code withListener} adds
   * @param topic created where it is missing
   */
  public RingtapContainer toKafka(String bootstrapServers, String topic) {
    kafka = List.of("-b", bootstrapServers, "-t", topic);
    return this;
  }

  /**
   * Not supported: a capture belongs to one test run, and packets of earlier runs would be among
   * its own. The captured container can be reused.
   *
   * @throws UnsupportedOperationException if {@code reusable} is true
   */
  @Override
  public RingtapContainer withReuse(boolean reusable) {
    if (reusable) {
      throw new UnsupportedOperationException(
          "a capture cannot be reused: packets of earlier test runs would be among its own;"
              + " call withReuse(true) on the captured container instead");
    }
    return super.withReuse(false);
  }

  @Override
  protected void configure() {
    if (captured.isEmpty()) {
      throw new IllegalStateException(
          "say which container's packets: new RingtapContainer().capturing(app)");
    }
    Set<String> ids = new LinkedHashSet<>();
    captured.forEach(each -> ids.addAll(each.get()));
    if (ids.isEmpty()) {
      throw new IllegalStateException("no container runs in the network to capture");
    }
    others.clear();
    Iterator<String> each = ids.iterator();
    share(each.next());
    while (each.hasNext()) {
      others.add(another(each.next()));
    }
  }

  private void share(String containerId) {
    String name = requireRunning(containerId);
    capturedId = containerId;
    withNetworkMode("container:" + containerId);
    List<String> command = command();
    command.addAll(1, List.of("--host-name", name));
    withCommand(command.toArray(String[]::new));
  }

  /** One agent is in one container's network. */
  private RingtapContainer another(String containerId) {
    RingtapContainer other = new RingtapContainer(image).capturing(containerId);
    // the first one has brought the image
    other.withImagePullPolicy(each -> false);
    other.interfaceName = interfaceName;
    other.captureFilter = captureFilter;
    other.kafka = kafka;
    other.options = options;
    other.tlsKeys = tlsKeys;
    return other;
  }

  List<String> command() {
    List<String> command = new ArrayList<>(List.of("capture", "-i", interfaceName));
    command.addAll(List.of("--log-format", "json", "--report", AgentRun.REPORT));
    command.addAll(kafka == null ? List.of("-w", AgentRun.FILE) : kafka);
    command.addAll(options);
    if (captureFilter != null) {
      command.addAll(List.of("--", captureFilter));
    }
    return command;
  }

  /** Returns the container's name. */
  private String requireRunning(String containerId) {
    String state;
    try {
      InspectContainerResponse info = getDockerClient().inspectContainerCmd(containerId).exec();
      state = info.getState().getStatus();
      if ("running".equals(state)) {
        return name(info);
      }
    } catch (NotFoundException e) {
      state = "not there";
    }
    throw new IllegalStateException(
        ("the container to capture, %s, is %s: only a running one has a network to share."
                + " Start it before, and keep it running")
            .formatted(containerId, state));
  }

  /** The name by which packets tell their container. */
  static String name(InspectContainerResponse info) {
    return info.getNetworkSettings().getNetworks().values().stream()
        .map(ContainerNetwork::getAliases)
        .filter(Objects::nonNull)
        .flatMap(List::stream)
        // Testcontainers and Docker add one each
        .filter(alias -> !alias.startsWith("tc-") && !info.getId().startsWith(alias))
        .findFirst()
        .orElse(info.getName().substring(1));
  }

  @Override
  protected void doStart() {
    Leftovers.remove();
    requireImage();
    run = null;
    try {
      super.doStart();
      Startables.deepStart(others).join();
      Started.note(this);
    } catch (ContainerLaunchException | CompletionException e) {
      stop();
      // Testcontainers has wrapped what went wrong several times
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      throw new ContainerLaunchException("Ringtap's agent did not start: " + cause.getMessage(), e);
    }
  }

  /**
   * Refuses a missing image, and pulls none, whatever the pull policy: Docker's public hub would be
   * asked for it, where anyone may have published one of that name.
   */
  private void requireImage() {
    DockerImageName actual = ImageNameSubstitutor.instance().apply(image);
    if (!actual.getUnversionedPart().equals(IMAGE.getUnversionedPart())) {
      return;
    }
    try {
      getDockerClient().inspectImageCmd(actual.asCanonicalNameString()).exec();
    } catch (NotFoundException e) {
      throw new ContainerLaunchException(
          ("this Docker engine has no image %s: build it with `docker/build agent` in a"
                  + " checkout of Ringtap, or name one of a registry with new"
                  + " RingtapContainer(DockerImageName)")
              .formatted(actual.asCanonicalNameString()),
          e);
    }
    withImagePullPolicy(each -> false);
  }

  private static String defaultImage() {
    try (InputStream in = RingtapContainer.class.getResourceAsStream("agent-image")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected void containerIsStarted(InspectContainerResponse info) {
    run = new AgentRun(this, image, kafka == null, new KeyLog(capturedId, tlsKeys));
  }

  @Override
  protected void containerIsStopping(InspectContainerResponse info) {
    if (run != null) {
      run.end();
    }
  }

  @Override
  public void stop() {
    others.forEach(RingtapContainer::stop);
    super.stop();
  }

  /**
   * Waits until every frame that was on the wire before this call has arrived: in the topic,
   * acknowledged by Kafka, or where {@link #packets()} finds it.
   *
   * <p>The kernel counts a frame before it hands it on. So the agent reads that counter, waits
   * until it has taken as many frames from the ring, and has the topic or the file flushed.
   *
   * @throws IllegalStateException if the capture was not started, its agent has crashed, or Kafka
   *     does not answer for a minute
   */
  public void flush() {
    runs().forEach(AgentRun::flush);
  }

  /**
   * All packets that were on the wire since the start and before this call, in their order. It may
   * be called any number of times, after {@link #stop} too.
   *
   * @throws IllegalStateException if they would not be all, as the kernel has dropped some; or as
   *     for {@link #flush}
   */
  public List<CapturedPacket> packets() {
    return packets("");
  }

  /**
   * Those of {@link #packets()} that an expression of pcap-filter(7) keeps. The libpcap of the
   * agent's image compiles it.
   *
   * @param expression as tcpdump takes it: {@code tcp dst port 443}
   * @throws IllegalArgumentException if the expression is wrong
   */
  public List<CapturedPacket> packets(String expression) {
    return runs().stream()
        .flatMap(each -> each.packets(expression).stream())
        .sorted(Comparator.comparing(CapturedPacket::timestamp))
        .collect(Collectors.toUnmodifiableList());
  }

  /** Those of {@link #packets()} that a predicate keeps. */
  public List<CapturedPacket> packets(Predicate<CapturedPacket> filter) {
    return packets().stream().filter(filter).collect(Collectors.toUnmodifiableList());
  }

  /**
   * Where every frame went. It is made at the end of the capture, so {@link #stop} comes first.
   *
   * @throws IllegalStateException if the capture goes on, or its agent has crashed
   */
  public Ledger ledger() {
    return runs().stream().map(AgentRun::ledger).reduce(Ledger::plus).orElseThrow();
  }

  /**
   * Writes all packets so far as pcapng, for Wireshark and tshark. Interfaces are named
   * CONTAINER/INTERFACE.
   *
   * @param file replaced if it exists
   * @param comment of the whole file, at most 4096 bytes of UTF-8; empty for none
   * @throws IOException if it cannot be written
   * @throws IllegalStateException if the capture was not started, or goes to Kafka
   */
  public void save(Path file, String comment) throws IOException {
    save(List.of(this), file, comment);
  }

  /** As {@link #save(Path, String)}, the packets of several. */
  static void save(Collection<RingtapContainer> containers, Path file, String comment)
      throws IOException {
    List<Path> files = new ArrayList<>();
    ByteArrayOutputStream keys = new ByteArrayOutputStream();
    for (RingtapContainer container : containers) {
      for (AgentRun each : container.runs()) {
        files.add(each.file());
        keys.writeBytes(each.tlsKeys());
      }
    }
    DockerImageName image = containers.iterator().next().image;
    Dump.save(files, keys.toByteArray(), image, file, comment);
  }

  boolean hasPackets() {
    return run != null && kafka == null;
  }

  DockerImageName image() {
    return image;
  }

  private List<AgentRun> runs() {
    if (run == null) {
      throw new IllegalStateException("nothing is captured yet: start() this container first");
    }
    List<AgentRun> runs = new ArrayList<>(List.of(run));
    others.forEach(each -> runs.addAll(each.runs()));
    return runs;
  }
}
