package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.filter.BpfProgram;
import java.io.IOException;

/**
 * How every interface of a run is captured.
 *
 * @param options those that all have in common; the interface in them counts for nothing
 * @param filter makes the filter of each interface
 */
public record CaptureSetup(CaptureConfig options, Filter filter) {
  /** Compiles a filter for one interface, whose link type it depends on. */
  public interface Filter {
    /**
     * The program. Called in the interface's network namespace.
     *
     * @throws IOException if the filter cannot be compiled; the message says why
     */
    BpfProgram compile(CaptureInterface device) throws IOException;
  }

  /**
   * The filter's program for one interface.
   *
   * @throws IOException if it cannot be compiled; the message says why
   */
  public BpfProgram program(CaptureInterface device) throws IOException {
    return options.inNamespace(() -> filter.compile(device));
  }

  /** The configuration of one interface's capture. */
  CaptureConfig on(CaptureInterface device) throws IOException {
    return options.toBuilder()
        .set(CaptureOption.INTERFACE, device.name())
        .filter(program(device))
        .build();
  }
}
