package dev.ringtap.kafka.cli;

import java.lang.reflect.Proxy;

/** Signals that do not end the process. */
final class Signals {
  private Signals() {}

  /**
   * From now on the signal runs this, each time in a thread of its own.
   *
   * @param name without SIG
   * @return whether the signal arrives: one that was ignored when the process started, as nohup has
   *     it, stays ignored
   */
  static boolean on(String name, Runnable action) {
    try {
      // By reflection: javac warns of this class of jdk.unsupported, and there is no other way.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object ours =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      Object before =
          signal
              .getMethod("handle", signal, handler)
              .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
      return before != handler.getField("SIG_IGN").get(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java runtime has no module jdk.unsupported", e);
    }
  }
}
