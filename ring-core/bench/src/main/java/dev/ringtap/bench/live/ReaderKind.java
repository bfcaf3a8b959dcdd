package dev.ringtap.bench.live;

/** The readers, those next to each other that are compared. */
enum ReaderKind {
  C_WALK("header walk, C", false),
  HEADER_WALK("header walk, Ringtap", true),
  LIBPCAP_COUNT("count, libpcap", false),
  LIBPCAP_COPY("copy, libpcap", false),
  AVRO_BATCH("Avro batch, Ringtap", true),
  AVRO_FRAMES("Avro batch frame by frame, Ringtap", true),
  C_AVRO("Avro batch, C", false),
  AVRO_EACH("Avro byte[] each, Ringtap", true),
  UPCALL_COPY("byte[] each, libpcap by upcall", true),
  UPCALL_COUNT("count, libpcap by upcall", true),
  PCAP4J("byte[] each, pcap4j", true),
  TCPDUMP("tcpdump -w /dev/null", false);

  private static final int SLOW_READERS_FRAME_BYTES = 64;

  private final String title;
  private final boolean java;

  ReaderKind(String title, boolean java) {
    this.title = title;
    this.java = java;
  }

  String title() {
    return title;
  }

  /** Whether it runs in a JVM, and so needs to be warmed up. */
  boolean isJava() {
    return java;
  }

  /** Whether it takes microseconds for a frame: so many frames as the ring holds are enough. */
  boolean isSlow() {
    return this == PCAP4J;
  }

  boolean reads(Traffic traffic) {
    return !isSlow() || traffic.frameBytes() <= SLOW_READERS_FRAME_BYTES;
  }
}
