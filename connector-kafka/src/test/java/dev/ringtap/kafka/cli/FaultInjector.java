package dev.ringtap.kafka.cli;

import static net.bytebuddy.matcher.ElementMatchers.named;

import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.record.PacketFields;
import dev.ringtap.registry.RegistryUrl;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.List;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.pool.TypePool;

/** Runs the command after one of its classes was changed: a method throws at one of its calls. */
public final class FaultInjector {
  /** One class of each package, by which another is defined there. */
  private static final List<Class<?>> NEIGHBOURS =
      List.of(FaultInjector.class, Ledger.class, RegistryUrl.class, PacketFields.class);

  /** The warm-up calls some of these methods too, in a thread of the common pool. */
  private static final String WARM_UP = "ForkJoinPool";

  private static String thrown;
  private static int callsLeft;

  private FaultInjector() {}

  /** Arguments: class, method, which call of it fails, class of what is thrown, the command's. */
  public static void main(String[] args) throws Exception {
    callsLeft = Integer.parseInt(args[2]);
    thrown = args[3];
    ClassFileLocator classes = ClassFileLocator.ForClassLoader.ofSystemLoader();
    byte[] changed =
        new ByteBuddy()
            .redefine(TypePool.Default.ofSystemLoader().describe(args[0]).resolve(), classes)
            .visit(Advice.to(Entry.class).on(named(args[1])))
            .make()
            .getBytes();
    String name = args[0].substring(0, args[0].lastIndexOf('.'));
    for (Class<?> each : NEIGHBOURS) {
      if (each.getPackageName().equals(name)) {
        MethodHandles.privateLookupIn(each, MethodHandles.lookup()).defineClass(changed);
      }
    }
    Main.main(Arrays.copyOfRange(args, 4, args.length));
  }

  /** Stands at the begin of the method. */
  static final class Entry {
    private Entry() {}

    @Advice.OnMethodEnter
    static void enter() {
      FaultInjector.call();
    }
  }

  /** Called by the changed class. */
  public static void call() {
    if (Thread.currentThread().getName().startsWith(WARM_UP) || --callsLeft != 0) {
      return;
    }
    if (thrown.equals("java.lang.InternalError")) {
      throw new InternalError("injected");
    }
    throw new RuntimeException("injected");
  }
}
