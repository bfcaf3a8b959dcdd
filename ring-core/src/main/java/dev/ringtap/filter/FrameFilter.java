package dev.ringtap.filter;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A filter for frames whose link type is known only when they come, as those of a file. */
public interface FrameFilter {
  /**
   * The program for frames of a LINKTYPE value; the same one each time.
   *
   * @throws FilterException if there is none
   */
  BpfProgram forLinkType(int linkType) throws FilterException;

  /** One program for all frames. */
  static FrameFilter of(BpfProgram program) {
    return linkType -> program;
  }

  /**
   * An expression of pcap-filter(7), compiled for each link type when its first frame comes.
   * Thread-safe.
   */
  static FrameFilter of(String expression, int snapLengthBytes) {
    Map<Integer, BpfProgram> programs = new ConcurrentHashMap<>();
    return linkType -> {
      BpfProgram program = programs.get(linkType);
      if (program == null) {
        program = FilterCompiler.system().compile(expression, linkType, snapLengthBytes);
        programs.put(linkType, program);
      }
      return program;
    };
  }
}
