package dev.ringtap.kafka.agent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A count that one thread adds to and any thread reads. A reader that sees a count also sees what
 * the adding thread wrote before it.
 */
final class Count {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(Count.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long value;

  void add(long more) {
    VALUE.setRelease(this, value + more);
  }

  long get() {
    return (long) VALUE.getAcquire(this);
  }
}
