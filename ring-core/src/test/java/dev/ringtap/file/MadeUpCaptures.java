package dev.ringtap.file;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Capture files of every kind, made of a seed: the same ones each time. */
final class MadeUpCaptures {
  /** Those that are registered, and some that are not. */
  private static final int[] LINK_TYPES =
      IntStream.rangeClosed(0, 301).filter(n -> n <= 20 || n == 50 || n == 51 || n >= 98).toArray();

  private static final int[] MAGICS = {
    PcapReader.MICROSECOND_MAGIC, PcapReader.NANOSECOND_MAGIC, PcapReader.KUZNETZOV_MAGIC
  };
  private static final int[] LENGTHS = {0, 1, 14, 15, 16, 20, 28, 60, 64, 333, 1514, 9000};

  private final Random random;
  private final Map<String, byte[]> files = new LinkedHashMap<>();

  private MadeUpCaptures(long seed) {
    random = new Random(seed);
  }

  /** The files by what they are. */
  static Map<String, byte[]> of(long seed) {
    MadeUpCaptures made = new MadeUpCaptures(seed);
    made.pcaps();
    made.hostOrder(0);
    made.hostOrder(1);
    made.pcapngs();
    return made.files;
  }

  private static ByteOrder order(int number) {
    return number % 2 == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
  }

  private byte[] payload() {
    byte[] payload = new byte[LENGTHS[random.nextInt(LENGTHS.length)]];
    random.nextBytes(payload);
    return payload;
  }

  private void pcaps() {
    for (int linkType : LINK_TYPES) {
      for (int kind = 0; kind < 2; kind++) {
        int magic = MAGICS[linkType % 2 ^ kind];
        pcap("link type " + linkType, magic, 2, 4, linkType % 3 == 0 ? 0 : 65_535, linkType, kind);
      }
    }
    for (int kind = 0; kind < 2; kind++) {
      for (int magic : MAGICS) {
        for (int minor = 0; minor <= 4; minor++) {
          pcap("version 2." + minor, magic, 2, minor, 262_144, 1, kind);
        }
        for (int snapLength : new int[] {1, 64, 1_000_000, -1}) {
          pcap("snap length " + snapLength, magic, 2, 4, snapLength, 1, kind);
        }
        pcap("DG/UX", magic, 543, 0, 65_535, 1, kind);
        pcap("version 2.5", magic, 2, 5, 65_535, 1, kind);
        pcap("reserved bits", magic, 2, 4, 65_535, 0x0001_0001, kind);
        pcap("frame check sequence", magic, 2, 4, 65_535, 0x2400_0001, kind);
      }
    }
  }

  private void pcap(
      String what, int magic, int major, int minor, int snapLength, int linkField, int kind) {
    CaptureBytes bytes = new CaptureBytes(order(kind));
    bytes.pcapHeader(magic, major, minor, snapLength, linkField);
    boolean swapped = major != 2 || minor < 3;
    for (int i = 0; i < 5; i++) {
      byte[] payload = payload();
      int original = payload.length + random.nextInt(3) * 100;
      int fraction = random.nextInt(magic == PcapReader.NANOSECOND_MAGIC ? 1000 : 1) + i;
      bytes.u32(1_700_000_000 + i).u32(fraction);
      bytes.u32(swapped ? original : payload.length).u32(swapped ? payload.length : original);
      if (magic == PcapReader.KUZNETZOV_MAGIC) {
        bytes.u32(3).u16(0x0800).u8(i).u8(0);
      }
      bytes.raw(payload);
    }
    files.put(String.format("pcap %08x, %s, %s", magic, order(kind), what), bytes.toBytes());
  }

  /** Headers that are in the order of the machine that captured, whole and cut. */
  private void hostOrder(int kind) {
    hostOrder(kind, 113, b -> b.raw(new byte[14]).network16(0x0C).u32(0x1234).u64(5));
    hostOrder(kind, 117, b -> b.u8(61).raw(new byte[43]).u32(1).u32(2).u32(3).u32(4).u32(5));
    hostOrder(kind, 117, b -> b.u8(52).raw(new byte[43]).u32(1).u32(2).u32(3).u32(4).u32(5));
    hostOrder(
        kind, 239, b -> b.u8(2).u8(0).u16(0).u16(5).u16(1).u32(9).u32(0).u16(8).u16(9).u32(1));
    hostOrder(kind, 239, b -> b.u8(2).u8(0).u16(0).u16(3).u16(1).u32(9).u16(8).u16(9).u32(1));
    for (int linkType : new int[] {189, 220}) {
      for (int transfer = 0; transfer < 2; transfer++) {
        int type = transfer;
        hostOrder(kind, linkType, b -> usb(b, type));
      }
    }
  }

  private static void usb(CaptureBytes bytes, int transferType) {
    bytes.u64(77).u8('C').u8(transferType).u8(1).u8(2).u16(3).u8(0).u8(0);
    bytes.u64(1_700_000_000).u32(5).u32(-2).u32(64).u32(32).u32(1).u32(2);
    bytes.u32(8).u32(9).u32(10).u32(2);
    for (int i = 0; i < 2; i++) {
      bytes.u32(i).u32(2 * i).u32(3 * i).u32(0);
    }
    bytes.u64(42);
  }

  private void hostOrder(int kind, int linkType, Change header) {
    CaptureBytes whole = new CaptureBytes(order(kind));
    header.apply(whole);
    byte[] frame = whole.toBytes();
    CaptureBytes bytes = new CaptureBytes(order(kind));
    bytes.pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, 65_535, linkType);
    for (int length = frame.length; length >= 0; length -= random.nextInt(4) + 1) {
      bytes.pcapRecord(length, 0, length, frame.length, Arrays.copyOf(frame, length));
    }
    int number = files.size();
    files.put(
        "pcap, " + order(kind) + ", host order, " + linkType + ", " + number, bytes.toBytes());
  }

  private void pcapngs() {
    for (int linkType : LINK_TYPES) {
      ByteOrder order = order(linkType);
      CaptureBytes bytes = new CaptureBytes(order).section().interfaceBlock(linkType, 0);
      packets(bytes, 1);
      files.put("pcapng, " + order + ", link type " + linkType, bytes.toBytes());
    }
    int[] resolutions = {0, 3, 6, 7, 9, 12, 19, 128, 138, 148, 158, 191};
    for (int kind = 0; kind < 2; kind++) {
      for (int resolution : resolutions) {
        CaptureBytes bytes = new CaptureBytes(order(kind)).section();
        resolution(bytes, resolution, 7);
        resolution(bytes, 6, 1000);
        packets(bytes, 2);
        files.put("pcapng, " + order(kind) + ", resolution " + resolution, bytes.toBytes());
      }
      for (int snapLength : new int[] {64, 65_535, 262_144, 1_000_000, -1}) {
        CaptureBytes bytes = new CaptureBytes(order(kind)).section();
        for (int i = 0; i < 3; i++) {
          bytes.interfaceBlock(1, snapLength);
        }
        packets(bytes, 3);
        files.put("pcapng, " + order(kind) + ", snap length " + snapLength, bytes.toBytes());
      }
      CaptureBytes large = new CaptureBytes(order(kind)).section().interfaceBlock(1, 1_000_000);
      large.packet(0, 1, new byte[300_000]).packet(0, 2, new byte[10]);
      files.put("pcapng, " + order(kind) + ", large frame", large.toBytes());
      sections(kind, false);
      sections(kind, true);
      oddities(kind);
    }
  }

  private static void resolution(CaptureBytes bytes, int resolution, long offsetSeconds) {
    bytes.begin(1).u16(1).u16(0).u32(0).option(2, "eth" + resolution);
    bytes.u16(9).u16(1).bytes(new byte[] {(byte) resolution});
    bytes.u16(14).u16(8).u64(offsetSeconds).u32(0).end();
  }

  /** Every block that holds a frame, and others between them. */
  private void packets(CaptureBytes bytes, int interfaces) {
    for (int i = 0; i < 9; i++) {
      byte[] payload = payload();
      int on = random.nextInt(interfaces);
      long units = random.nextInt(1 << 30) + 1L;
      switch (i % 4) {
        case 0 -> bytes.packet(on, units, payload);
        case 1 -> {
          bytes.beginPacket(on, units, payload, payload.length + 7);
          bytes.u16(2).u16(4).u32(random.nextInt(32)).u16(4).u16(8).u64(random.nextInt(9));
          bytes.u32(0).end();
        }
        case 2 -> bytes.begin(3).u32(payload.length).bytes(payload).end();
        default -> {
          bytes.begin(2).u16(on).u16(random.nextInt(3)).u32(0).u32((int) units);
          bytes.u32(payload.length).u32(payload.length).bytes(payload).end();
        }
      }
      if (i % 3 == 0) {
        bytes.begin(5).u32(0).u64(units).u16(4).u16(8).u64(i).u32(0).end();
      } else if (i % 3 == 1) {
        bytes.begin(0x0BAD).bytes(new byte[4 * random.nextInt(20)]).end();
      }
    }
  }

  private void sections(int kind, boolean otherOrder) {
    CaptureBytes bytes = new CaptureBytes(order(kind)).section().interfaceBlock(1, 0);
    packets(bytes, 1);
    bytes.order(order(otherOrder ? kind + 1 : kind)).section().interfaceBlock(1, 0);
    packets(bytes, 1);
    String what = otherOrder ? "sections of two orders" : "two sections";
    files.put("pcapng, " + order(kind) + ", " + what, bytes.toBytes());
  }

  /** Single faults that no random damage would hit. */
  private void oddities(int kind) {
    odd(kind, "no interface", b -> {});
    odd(kind, "frame before its interface", b -> b.packet(0, 1, payload()).interfaceBlock(1, 0));
    odd(kind, "frame of an unknown interface", b -> one(b).packet(7, 1, payload()));
    odd(kind, "two link types", b -> one(one(b).interfaceBlock(101, 0)));
    odd(kind, "two snap lengths", b -> one(one(b).interfaceBlock(1, 96)));
    odd(kind, "resolution twice", b -> one(tsresol(tsresol(idb(b))).end()));
    odd(kind, "offset twice", b -> one(offset(offset(idb(b))).end()));
    odd(kind, "end of options with a length", b -> one(idb(b).u16(0).u16(4).u32(0).end()));
    odd(kind, "resolution of two bytes", b -> one(idb(b).u16(9).u16(2).u32(6).end()));
    odd(kind, "resolution too fine", b -> one(idb(b).u16(9).u16(1).bytes(new byte[] {20}).end()));
    odd(kind, "option beyond its block", b -> one(idb(b).u16(2).u16(99).end()));
    odd(kind, "frame's option beyond its block", b -> frameWith(b, x -> x.u16(1).u16(99)));
    odd(kind, "flags of two bytes", b -> frameWith(b, x -> x.u16(2).u16(2).u32(1)));
    odd(kind, "half an option", b -> frameWith(b, x -> x.u16(2)));
    odd(kind, "drop count of 2^63", b -> frameWith(b, x -> x.u16(4).u16(8).u64(Long.MIN_VALUE)));
    odd(kind, "later section of minor version 5", b -> section(one(b.interfaceBlock(1, 0)), 1, 5));
    odd(kind, "later section of major version 2", b -> section(one(b.interfaceBlock(1, 0)), 2, 0));
    odd(kind, "frame longer than its block", b -> longer(b.interfaceBlock(1, 0)));
    odd(kind, "frame longer than the snap length", b -> longer(b.interfaceBlock(1, 8)));
    odd(
        kind,
        "simple frame longer than its block",
        b -> b.interfaceBlock(1, 0).begin(3).u32(99).end());
    odd(kind, "time after 2106", b -> one(b.interfaceBlock(1, 0).packet(0, 1L << 60, payload())));
    odd(kind, "short blocks", b -> b.interfaceBlock(1, 0).begin(6).u32(0).end());
    CaptureBytes trailer = new CaptureBytes(order(kind)).section();
    byte[] wrong = one(trailer.interfaceBlock(1, 0)).toBytes();
    wrong[24] ^= 4;
    files.put("pcapng, " + order(kind) + ", first section's trailer wrong", wrong);
    for (int version : new int[] {2, 3}) {
      CaptureBytes first = new CaptureBytes(order(kind));
      section(first, 1, version);
      byte[] file = one(first.interfaceBlock(1, 0)).toBytes();
      files.put("pcapng, " + order(kind) + ", version 1." + version, file);
    }
  }

  private interface Change {
    void apply(CaptureBytes bytes);
  }

  private void odd(int kind, String what, Change change) {
    CaptureBytes bytes = new CaptureBytes(order(kind)).section();
    change.apply(bytes);
    files.put("pcapng, " + order(kind) + ", " + what, bytes.toBytes());
  }

  private CaptureBytes one(CaptureBytes bytes) {
    return bytes.packet(0, 1_000_000, payload());
  }

  private static CaptureBytes idb(CaptureBytes bytes) {
    return bytes.begin(1).u16(1).u16(0).u32(0);
  }

  private static CaptureBytes tsresol(CaptureBytes bytes) {
    return bytes.u16(9).u16(1).bytes(new byte[] {6});
  }

  private static CaptureBytes offset(CaptureBytes bytes) {
    return bytes.u16(14).u16(8).u64(5);
  }

  private void frameWith(CaptureBytes bytes, Change options) {
    one(bytes.interfaceBlock(1, 0)).beginPacket(0, 2_000_000, payload(), 2000);
    options.apply(bytes);
    // the trailer stands at a multiple of 4 whatever the options are
    one(bytes.bytes(new byte[0]).end());
  }

  private void section(CaptureBytes bytes, int major, int minor) {
    bytes.begin(0x0A0D0D0A).u32(0x1A2B3C4D).u16(major).u16(minor).u64(-1).end();
  }

  private void longer(CaptureBytes bytes) {
    one(bytes).begin(6).u32(0).u32(0).u32(9).u32(100).u32(100).bytes(new byte[40]).end();
  }

  /** The file with some damage: bits turned over, bytes gone or doubled, or its end missing. */
  static byte[] damaged(byte[] file, Random random) {
    byte[] damaged = file.clone();
    return switch (random.nextInt(5)) {
      case 0 -> Arrays.copyOf(file, random.nextInt(file.length + 1));
      case 1 -> {
        int gone = Math.min(file.length, 1 + random.nextInt(8));
        int at = random.nextInt(file.length - gone + 1);
        System.arraycopy(file, at + gone, damaged, at, file.length - at - gone);
        yield Arrays.copyOf(damaged, file.length - gone);
      }
      case 2 -> { // one of the fields that say how much follows is likelier hit among the first
        // bytes
        damaged[random.nextInt(Math.min(file.length, 200))] = (byte) random.nextInt();
        yield damaged;
      }
      default -> {
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
          damaged[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
        }
        yield damaged;
      }
    };
  }
}
