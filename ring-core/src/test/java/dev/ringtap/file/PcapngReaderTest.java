package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.PacketType;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(10)
class PcapngReaderTest {
  private static final byte[] FRAME = HexFormat.of().parseHex("0200000000010200000000020800aa");
  private static final String FRAME_HEX = HexFormat.of().formatHex(FRAME);

  private static CaptureBytes little() {
    return new CaptureBytes(ByteOrder.LITTLE_ENDIAN);
  }

  private static Seen seen(String name, int linkType, long nanos, long lostBefore) {
    return new Seen(name, linkType, nanos, FRAME.length, PacketType.HOST, 0, lostBefore, FRAME_HEX);
  }

  @Test
  void readsSectionsOfEitherOrderAndTheirInterfaces() throws Exception {
    byte[] bytes =
        little()
            .section()
            .begin(1)
            .u16(1)
            .u16(0)
            .u32(65535)
            .option(2, "eth0")
            .end()
            .packet(0, 5, FRAME)
            .interfaceBlock(276, 0)
            .packet(1, 6, FRAME)
            .packet(0, 7, FRAME)
            .order(ByteOrder.BIG_ENDIAN)
            .section()
            .begin(1)
            .u16(101)
            .u16(0)
            .u32(0)
            .option(2, "tun0\0")
            .u16(9)
            .u16(1)
            .bytes(new byte[] {9})
            .u32(0)
            .end()
            .packet(0, 8, FRAME)
            .toBytes();
    assertThat(Seen.all(bytes))
        .containsExactly(
            seen("eth0", 1, 5000, 0),
            seen("test.pcap", 276, 6000, 0),
            seen("eth0", 1, 7000, 0),
            seen("tun0", 101, 8, 0));
  }

  @Test
  void aSectionHasInterfacesUpToALimit() throws Exception {
    CaptureBytes bytes = little().section();
    for (int i = 0; i < PcapngReader.MOST_INTERFACES; i++) {
      bytes.interfaceBlock(1, 0);
    }
    byte[] most = bytes.packet(PcapngReader.MOST_INTERFACES - 1, 5, FRAME).toBytes();
    assertThat(Seen.all(most)).containsExactly(seen("test.pcap", 1, 5000, 0));
    assertThat(Seen.run(bytes.section().interfaceBlock(1, 0).toBytes()).fault()).isNull();
    Seen.Run run = Seen.run(little().raw(most).interfaceBlock(1, 0).toBytes());
    assertThat(run.frames()).hasSize(1);
    assertThat(run.fault())
        .hasMessage(
            "test.pcap, byte %d: a further interface of the section; expected at most 16384",
            most.length);
  }

  /** It would be in each of the interface's records. */
  @ParameterizedTest
  @CsvSource({"a, 256", "\u00fc, 128", "\u20ac, 85"})
  void aLongNameIsCutBetweenCharacters(String character, int kept) throws Exception {
    byte[] bytes =
        little()
            .section()
            .begin(1)
            .u16(1)
            .u16(0)
            .u32(65535)
            .option(2, character.repeat(20_000))
            .end()
            .packet(0, 5, FRAME)
            .toBytes();
    assertThat(Seen.all(bytes)).containsExactly(seen(character.repeat(kept), 1, 5000, 0));
  }

  @ParameterizedTest
  @CsvSource({
    // if_tsresol, if_tsoffset, units, nanoseconds
    "6, 0, 1234567, 1234567000",
    "9, 0, 1234567, 1234567",
    "9, 100, 7, 100000000007",
    "9, -1, 1000000007, 7",
    "0, 0, 3, 3000000000",
    "3, 0, 1999, 1999000000",
    "12, 0, 1999999999999, 1999999999",
    "19, 0, 10000001000000000000, 1000000100",
    "148, 0, 1048577, 1000000953",
    "128, 0, 3, 3000000000",
    "160, 0, 4294967297, 1000000000",
    "160, 0, 2147483648, 500000000",
    "191, 0, 13835058055282163712, 1500000000",
    "191, 0, 9223372036854775807, 999999999"
  })
  void convertsEveryResolutionToNanoseconds(int tsresol, long tsoffset, String units, long nanos)
      throws Exception {
    byte[] bytes =
        little()
            .section()
            .begin(1)
            .u16(1)
            .u16(0)
            .u32(0)
            .u16(9)
            .u16(1)
            .bytes(new byte[] {(byte) tsresol})
            .u16(14)
            .u16(8)
            .u64(tsoffset)
            .u32(0)
            .end()
            .packet(0, Long.parseUnsignedLong(units), FRAME)
            .toBytes();
    assertThat(Seen.all(bytes)).containsExactly(seen("test.pcap", 1, nanos, 0));
  }

  @Test
  void readsFlagsAndLosses() throws Exception {
    CaptureBytes file = little().section().interfaceBlock(1, 0);
    int[] flags = {0x5, 0xD, 0x9, 0x11, 0x2, 0x1};
    for (int flag : flags) {
      file.beginPacket(0, 0, FRAME, FRAME.length).u16(2).u16(4).u32(flag).u32(0).end();
    }
    file.beginPacket(0, 0, FRAME, FRAME.length).u16(4).u16(8).u64(3).end();
    file.beginPacket(0, 0, FRAME, FRAME.length).u16(4).u16(8).u64(1L << 40).u32(0).end();
    List<Seen> frames = Seen.all(file.packet(0, 0, FRAME).toBytes());
    assertThat(frames)
        .extracting(Seen::packetType)
        .startsWith(
            PacketType.HOST,
            PacketType.BROADCAST,
            PacketType.MULTICAST,
            PacketType.OTHERHOST,
            PacketType.OUTGOING,
            PacketType.HOST);
    assertThat(frames)
        .extracting(Seen::lostBefore)
        .containsExactly(0L, 0L, 0L, 0L, 0L, 0L, 3L, 1L << 40, 0L);
  }

  @Test
  void readsSimpleAndObsoletePackets() throws Exception {
    byte[] bytes =
        little()
            .section()
            .interfaceBlock(1, 15)
            .begin(3)
            .u32(2000)
            .bytes(FRAME)
            .end()
            .begin(2)
            .u16(0)
            .u16(4)
            .u32(0)
            .u32(9)
            .u32(FRAME.length)
            .u32(60)
            .bytes(FRAME)
            .u16(2)
            .u16(4)
            .u32(2)
            .end()
            .begin(2)
            .u16(0)
            .u16(0xFFFF)
            .u64(0)
            .u32(0)
            .u32(0)
            .end()
            .toBytes();
    assertThat(Seen.all(bytes))
        .containsExactly(
            new Seen("test.pcap", 1, 0, 2000, PacketType.HOST, 0, 0, FRAME_HEX),
            new Seen("test.pcap", 1, 9000, 60, PacketType.OUTGOING, 0, 4, FRAME_HEX),
            new Seen("test.pcap", 1, 0, 0, PacketType.HOST, 0, 0, ""));
  }

  @Test
  void skipsOtherBlocksOfAnyLength() throws Exception {
    byte[] bytes =
        little()
            .section()
            .interfaceBlock(1, 0)
            .begin(4)
            .end()
            .begin(5)
            .u32(0)
            .u64(0)
            .end()
            .begin(0xBAD)
            .bytes(new byte[1 << 20])
            .end()
            .packet(0, 0, FRAME)
            .begin(10)
            .bytes(new byte[300_000])
            .end()
            .toBytes();
    assertThat(Seen.all(bytes)).containsExactly(seen("test.pcap", 1, 0, 0));
  }

  @Test
  void passesOverOptionsOfAFrameThatMakeNoSense() throws Exception {
    CaptureBytes file = little().section().interfaceBlock(1, 0);
    file.beginPacket(0, 0, FRAME, FRAME.length).u16(4).u16(8).u64(7).u16(2).u16(9).u32(0).end();
    file.beginPacket(0, 0, FRAME, FRAME.length).u16(2).u16(2).u32(0).u16(4).u16(8).u64(8).end();
    file.beginPacket(0, 0, FRAME, FRAME.length).u16(4).u16(8).u64(-1).end();
    file.beginPacket(0, 0, FRAME, FRAME.length).u16(0).u16(4).u16(4).u16(8).u64(9).end();
    assertThat(Seen.all(file.toBytes()))
        .containsExactly(
            seen("test.pcap", 1, 0, 7),
            seen("test.pcap", 1, 0, 8),
            seen("test.pcap", 1, 0, 0),
            seen("test.pcap", 1, 0, 0));
  }

  private static void assertFault(CaptureBytes file, String message) {
    Seen.Run run = Seen.run(file.toBytes());
    assertThat(run.frames()).hasSize(1);
    assertThat(run.fault()).isInstanceOf(CaptureFileException.class).hasMessageContaining(message);
  }

  /** A file with one good frame; what follows is at byte 108. */
  private static CaptureBytes good() {
    return little().section().interfaceBlock(1, 100).packet(0, 0, FRAME);
  }

  @Test
  void tellsWhatIsWrongWithABlockAndWhere() {
    int at = good().toBytes().length;
    assertFault(
        good().u32(6).u32(30).u32(0),
        "byte " + (at + 4) + ": block length of 30; expected a multiple of 4, at least 32");
    assertFault(good().u32(77).u32(8).u32(8), "block length of 8; expected");
    assertFault(
        good().u32(6).u32(0x7FFFFFFC).u32(0), "block length of 2147483644; expected at most");
    assertFault(
        good().begin(77).u32(3).end().u32(77).u32(16).u32(0).u32(20),
        "byte " + (at + 28) + ": block length of 20 in the trailer; expected 16");
    assertFault(good().packet(1, 0, FRAME), "packet of interface 1; expected one of the 1 that");
    assertFault(
        good().packet(-1, 0, FRAME), "packet of interface 4294967295; expected one of the 1");
    assertFault(good().section().packet(0, 0, FRAME), "packet of interface 0; expected one of");
    assertFault(
        good().packet(0, 0, new byte[101]), "captured length of 101 bytes; expected at most 100");
    assertFault(
        good().begin(6).u32(0).u64(0).u32(5).u32(5).u32(0).end(),
        "captured length of 5 bytes; expected at most 4");
    assertFault(
        good().begin(3).u32(5).u32(0).end(), "captured length of 5 bytes; expected at most the");
    assertFault(
        good().packet(0, 0xFFFF_FFFFL * 1_000_000 + 1_000_000, FRAME),
        "time stamp of 4294967296 s since 1970; expected one from 1970 to 2106");
    assertFault(
        good().begin(1).u16(1).u16(0).u32(0).u16(2).u16(9).u32(0).end(),
        "option 2 of 9 bytes; expected at most the 4 that are left");
    assertFault(
        good().begin(1).u16(1).u16(0).u32(0).u16(14).u16(4).u32(0).end(),
        "if_tsoffset of 4 bytes; expected 8");
    assertFault(
        good().begin(1).u16(1).u16(0).u32(0).u16(0).u16(4).u32(0).end(),
        "opt_endofopt of 4 bytes; expected 0");
    assertFault(
        good().begin(1).u16(1).u16(0).u32(0).u16(9).u16(1).u32(6).u16(9).u16(1).u32(6).end(),
        "byte " + (at + 24) + ": a second if_tsresol; expected at most one for an interface");
    assertFault(
        good().begin(1).u16(1).u16(0).u32(0).u16(9).u16(1).u32(20).end(),
        "if_tsresol of 0x14; expected a resolution down to");
    assertFault(
        good().begin(0x0A0D0D0A).u32(5).u16(1).u16(0).u64(-1).end(), "byte-order magic of 0x5;");
    assertFault(
        good().begin(0x0A0D0D0A).u32(0x1A2B3C4D).u16(2).u16(0).u64(-1).end(),
        "pcapng version 2.0; expected 1.0 or 1.2");
  }

  @Test
  void keepsTheLedgerBelowItsLimit() {
    CaptureBytes file = good();
    file.beginPacket(0, 0, FRAME, 15).u16(4).u16(8).u64(Long.MAX_VALUE).end();
    assertFault(file, "more than 2^63 frames");
  }
}
