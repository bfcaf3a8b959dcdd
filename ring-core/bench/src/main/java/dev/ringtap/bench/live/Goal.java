package dev.ringtap.bench.live;

import dev.ringtap.bench.Samples;
import java.util.List;

/**
 * What one reader may take for a frame, as a part of what another takes.
 *
 * @param most64 the ratio for short frames
 * @param most512 the ratio for frames of 512 bytes or more
 * @param most1500 the ratio for frames of 1500 bytes or more
 */
record Goal(
    String title,
    ReaderKind reader,
    ReaderKind other,
    double most64,
    double most512,
    double most1500) {
  static final List<Goal> ALL =
      List.of(
          of("header walk ÷ C", ReaderKind.HEADER_WALK, ReaderKind.C_WALK, 1.15),
          of("header walk ÷ libpcap", ReaderKind.HEADER_WALK, ReaderKind.LIBPCAP_COUNT, 0.60),
          new Goal(
              "Avro batch ÷ libpcap and copy",
              ReaderKind.AVRO_BATCH,
              ReaderKind.LIBPCAP_COPY,
              0.85,
              0.90,
              0.80),
          new Goal("Avro batch ÷ C", ReaderKind.AVRO_BATCH, ReaderKind.C_AVRO, 1.25, 1.15, 1.05),
          of("Avro `byte[]` ÷ upcall `byte[]`", ReaderKind.AVRO_EACH, ReaderKind.UPCALL_COPY, 0.45),
          of("Avro `byte[]` ÷ pcap4j `byte[]`", ReaderKind.AVRO_EACH, ReaderKind.PCAP4J, 0.03));

  private static Goal of(String title, ReaderKind reader, ReaderKind other, double most) {
    return new Goal(title, reader, other, most, most, most);
  }

  double most(Traffic traffic) {
    return traffic.frameBytes() >= 1500 ? most1500 : traffic.frameBytes() >= 512 ? most512 : most64;
  }

  /** Whether the median meets the goal, or by how much not. */
  String verdict(Samples ratio, Traffic traffic) {
    double over = ratio.median() / most(traffic) - 1;
    return over <= 0 ? "met" : "missed by " + Samples.number(100 * over) + " %";
  }
}
