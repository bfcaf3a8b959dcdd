package dev.ringtap.kafka.cli;

import java.lang.reflect.Proxy;

/** SIGUSR1, at which tcpdump tells how far it is. */
final class UserSignal {
  private UserSignal() {}

  /** From now on the signal runs this, each time in a thread of its own. */
  static void onSignal(Runnable action) {
    try {
      // By reflection: javac warns of this class of jdk.unsupported, and there is no other way.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object ours =
          Proxy.newProxyInstance(
              UserSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("USR1"), ours);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java runtime has no module jdk.unsupported", e);
    }
  }
}
