package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureInterface;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code ringtap interfaces}: what there is to capture on. */
@Command(
    name = "interfaces",
    description = "Lists the interfaces to capture on.",
    mixinStandardHelpOptions = true)
final class InterfacesCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException {
    for (CaptureInterface each : CaptureInterface.list()) {
      List<String> words = new ArrayList<>();
      words.add(each.isUp() ? "up" : "down");
      if (each.isRunning()) {
        words.add("running");
      }
      if (each.isLoopback()) {
        words.add("loopback");
      }
      words.add(each.linkTypeName());
      words.add("MTU " + each.mtuBytes());
      System.out.printf("%d. %s [%s]%n", each.index(), each.name(), String.join(", ", words));
    }
    System.out.printf(
        "   %s [all of them at once, %s]%n",
        CaptureInterface.ANY, CaptureInterface.named(CaptureInterface.ANY).linkTypeName());
    return ExitCode.OK;
  }
}
