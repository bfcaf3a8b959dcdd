package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A sink that fails alone: from its first failure on it is offered no frame, and the others go on.
 * What it accepted before is still brought to its end. Thread-safe.
 */
final class GuardedSink {
  private static final System.Logger LOG = System.getLogger(GuardedSink.class.getName());

  private final String name;
  private final Consumer<Throwable> onFailure;

  /** Null until it is opened. */
  private volatile @Nullable FrameSink sink;

  private volatile @Nullable Throwable failure;

  /**
   * @param name for the log
   * @param onFailure is told the first failure, in the thread that met it
   */
  GuardedSink(String name, Consumer<Throwable> onFailure) {
    this.name = name;
    this.onFailure = onFailure;
  }

  private interface Step {
    void run() throws Exception;
  }

  /** Whatever is thrown here may end neither the pump nor the other sinks. */
  private void attempt(Step step) {
    try {
      step.run();
    } catch (Throwable e) {
      fail(e);
    }
  }

  /** From now on frames go there: also those of pumps that run, when no block of theirs is open. */
  void open(FrameSink opened) {
    sink = opened;
  }

  /** The sink failed, or cannot be opened. */
  void fail(Throwable e) {
    synchronized (this) {
      if (failure != null) {
        return;
      }
      failure = e;
    }
    LOG.log(
        Level.WARNING,
        "a sink failed and takes no further frame sink={0} reason={1}",
        name,
        e.toString());
    onFailure.accept(e);
  }

  /** A writer for one more pump; it never throws. */
  FrameSink.FrameWriter writer(Delivery delivery) {
    return new FrameSink.FrameWriter() {
      private @Nullable FrameSink opened;
      private FrameSink.@Nullable FrameWriter writer;

      @Override
      public void accept(Block block) {
        if (failure == null) {
          try {
            writer().accept(block);
          } catch (Throwable e) {
            fail(e);
          }
        }
      }

      private FrameSink.FrameWriter writer() {
        FrameSink current = Objects.requireNonNull(sink, "not open");
        if (writer == null || opened != current) {
          opened = current;
          writer = current.writer(delivery);
        }
        return writer;
      }

      @Override
      public void idle() {
        attempt(FrameSink.FrameWriter::idle);
      }

      @Override
      public void end() {
        attempt(FrameSink.FrameWriter::end);
      }

      private void attempt(Consumer<FrameSink.FrameWriter> step) {
        if (failure == null && writer != null) {
          GuardedSink.this.attempt(() -> step.accept(writer));
        }
      }
    };
  }

  void flush() {
    if (failure == null && sink != null) {
      attempt(sink::flush);
    }
  }

  void finish() {
    if (sink != null) {
      attempt(sink::finish);
    }
  }

  /** Why it takes no further frame, or null. */
  @Nullable Throwable failure() {
    return failure;
  }
}
