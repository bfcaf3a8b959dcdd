package dev.ringtap.capture;

import dev.ringtap.filter.BpfProgram;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.NonNull;
import org.jspecify.annotations.Nullable;

/**
 * How to capture: a value for every {@link CaptureOption}, and a filter. Immutable and thread-safe;
 * serializable, to travel with a job.
 *
 * <pre>{@code
 * CaptureConfig.on("eth0").set(CaptureOption.SNAP_LENGTH_BYTES, 96).build()
 * }</pre>
 */
public final class CaptureConfig implements Serializable {
  private static final long serialVersionUID = 1;

  /** Highest owner of a fanout group. */
  public static final int MAX_FANOUT_OWNER = 4095;

  /** By the options' names. */
  private final Map<String, Object> values;

  private final @Nullable BpfProgram filter;
  private final boolean filterChangeable;
  private final int member;
  private final int fanoutOwner;
  private final long firstSequence;
  private final long startMicros;

  private CaptureConfig(Builder builder) {
    values = Map.copyOf(builder.values);
    filter = builder.filter;
    filterChangeable = builder.filterChangeable;
    member = builder.member;
    fanoutOwner = builder.fanoutOwner;
    firstSequence = builder.firstSequence;
    startMicros = builder.startMicros;
  }

  /** Starts a configuration for one interface. */
  public static Builder on(String interfaceName) {
    return new Builder().set(CaptureOption.INTERFACE, interfaceName);
  }

  /** The option's value, or its default. */
  @SuppressWarnings("NullAway") // an option without a default has a nullable T, or is INTERFACE
  public <T extends @Nullable Object> T get(CaptureOption<T> option) {
    Object value = values.get(option.name());
    return value == null ? option.defaultValue() : option.type().cast(value);
  }

  /** The value of {@link CaptureOption#INTERFACE}. */
  public String interfaceName() {
    return get(CaptureOption.INTERFACE);
  }

  /**
   * What {@link #inNamespace} does.
   *
   * @param <E> what it throws
   */
  @FunctionalInterface
  public interface Action<T, E extends Exception> {
    /** Does it. */
    T run() throws E;
  }

  /**
   * Does something in the network namespace of {@link CaptureOption#NETWORK_NAMESPACE}: lists the
   * interfaces there, for example. If the option is set, a thread of its own does it while the
   * calling one waits; an interrupt does not end the wait.
   *
   * @throws CaptureException if the namespace cannot be entered
   */
  public <T, E extends Exception> T inNamespace(Action<T, E> action) throws E, CaptureException {
    String namespace = get(CaptureOption.NETWORK_NAMESPACE);
    return namespace == null ? action.run() : NamespaceThread.call(namespace, action);
  }

  /** The option's value, or the name of this host. */
  public String hostName() {
    String name = get(CaptureOption.HOST_NAME);
    return name == null ? HostName.local() : name;
  }

  /** The snap length with 0 resolved to the most. */
  public int snapLengthBytes() {
    int bytes = get(CaptureOption.SNAP_LENGTH_BYTES);
    return bytes == 0 ? CaptureOption.MAX_SNAP_LENGTH_BYTES : bytes;
  }

  /**
   * The filter, or a program that keeps all, cut to the snap length. It speaks of payloads; for a
   * cooked capture the kernel is given one fitted to what it sees.
   */
  public BpfProgram kernelProgram() {
    // payloads are cut again where they leave the ring, on cooked captures never below this
    int keptBytes = Math.max(snapLengthBytes(), CookedHeader.LEAST_SNAP_LENGTH_BYTES);
    return filter == null ? BpfProgram.acceptAll(keptBytes) : filter.cutTo(keptBytes);
  }

  /** Whether {@link PacketCapture#setFilter} may change the filter; it is locked otherwise. */
  public boolean isFilterChangeable() {
    return filterChangeable;
  }

  /** {@link CaptureId#member} of the capture. */
  public int member() {
    return member;
  }

  /** Whose the fanout group is, 0 if it is anybody's. */
  public int fanoutOwner() {
    return fanoutOwner;
  }

  /** {@link Frame#sequence} of the first frame. */
  public long firstSequence() {
    return firstSequence;
  }

  /** {@link CaptureId#startMicros} of the capture; 0 stands for the time of its opening. */
  public long startMicros() {
    return startMicros;
  }

  /** A builder that has all of this configuration. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.values.putAll(values);
    builder.filter = filter;
    builder.filterChangeable = filterChangeable;
    builder.member = member;
    builder.fanoutOwner = fanoutOwner;
    builder.firstSequence = firstSequence;
    builder.startMicros = startMicros;
    return builder;
  }

  /** The same configuration with another filter. */
  public CaptureConfig withFilter(BpfProgram program) {
    return toBuilder().filter(program).build();
  }

  /** Collects the values. Not thread-safe. */
  public static final class Builder {
    private final Map<String, Object> values = new HashMap<>();
    private @Nullable BpfProgram filter;
    private boolean filterChangeable;
    private int member;
    private int fanoutOwner;
    private long firstSequence;
    private long startMicros;

    private Builder() {}

    /**
     * Sets an option.
     *
     * @throws IllegalArgumentException if the value is outside the option's limits
     */
    public <T extends @Nullable Object> Builder set(CaptureOption<T> option, @NonNull T value) {
      values.put(option.name(), option.check(value));
      return this;
    }

    /** Captures only what the program keeps; null captures all. */
    public Builder filter(@Nullable BpfProgram program) {
      filter = program;
      return this;
    }

    /**
     * Leaves the filter changeable. Otherwise it is locked in the kernel when the capture opens:
     * whoever gets hold of the socket cannot widen it.
     */
    public Builder filterChangeable() {
      filterChangeable = true;
      return this;
    }

    /**
     * Sets the capture's number in its fanout group, from 0, for {@link CaptureId#member}. Each
     * member counts its own frames and losses.
     */
    public Builder member(int number) {
      member = number;
      return this;
    }

    /**
     * Names the owner of the {@link CaptureOption#FANOUT_GROUP}, for groups that were chosen at
     * random or by a hash: a capture that finds the group's number in use by another owner is
     * refused, and takes no frames of the other's. 0, the default, joins a group of any owner, and
     * so does every capture before Linux 5.11.
     *
     * @param number 0 to {@value CaptureConfig#MAX_FANOUT_OWNER}
     * @throws IllegalArgumentException if it is outside
     */
    public Builder fanoutOwner(int number) {
      if (number < 0 || number > MAX_FANOUT_OWNER) {
        throw new IllegalArgumentException(
            "fanout owner " + number + "; expected 0 to " + MAX_FANOUT_OWNER);
      }
      fanoutOwner = number;
      return this;
    }

    /**
     * Continues an earlier capture, whose interface was gone: frames are numbered on and are of the
     * same capture.
     *
     * @param sequence {@link Frame#sequence} of the first frame
     * @param earlierStartMicros when the earlier capture was opened
     */
    Builder continuing(long sequence, long earlierStartMicros) {
      firstSequence = sequence;
      startMicros = earlierStartMicros;
      return this;
    }

    /** The configuration. */
    public CaptureConfig build() {
      return new CaptureConfig(this);
    }
  }
}
