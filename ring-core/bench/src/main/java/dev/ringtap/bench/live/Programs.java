package dev.ringtap.bench.live;

import dev.ringtap.bench.CompiledC;
import dev.ringtap.bench.RecordStart;
import dev.ringtap.capture.CaptureId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Generator, injector and readers as commands. The C programs are compiled when this is made. */
final class Programs {
  private final Path injector = CompiledC.build("injector.c");
  private final Path ringWalk = CompiledC.build("ring_walk.c", "-pthread");
  private final Path ringAvro = CompiledC.build("ring_avro.c", "-pthread");
  private final Path pcapDispatch = CompiledC.build("pcap_dispatch.c", "-pthread", "-lpcap");

  Programs() throws IOException {}

  List<String> injector(String interfaceName, Traffic traffic, long frames) {
    return List.of(
        injector.toString(),
        interfaceName,
        Long.toString(frames),
        "0",
        Integer.toString(traffic.frameBytes()),
        traffic.tag());
  }

  List<String> reader(ReaderKind kind, String interfaceName) {
    return switch (kind) {
      case C_WALK -> List.of(ringWalk.toString(), interfaceName);
      case C_AVRO -> ringAvro(JavaReader.capture(interfaceName));
      case LIBPCAP_COUNT -> List.of(pcapDispatch.toString(), interfaceName, "count");
      case LIBPCAP_COPY -> List.of(pcapDispatch.toString(), interfaceName, "copy");
      case TCPDUMP -> TcpdumpProcess.command(interfaceName);
      default -> JavaReader.command(kind, interfaceName);
    };
  }

  /** The C encoder on the one block in a file. */
  List<String> encode(CaptureId capture, Path block) {
    List<String> command = new ArrayList<>(ringAvro(capture));
    command.add(block.toString());
    return command;
  }

  private List<String> ringAvro(CaptureId capture) {
    String start = HexFormat.of().formatHex(RecordStart.of(capture));
    return List.of(ringAvro.toString(), capture.interfaceName(), start);
  }
}
