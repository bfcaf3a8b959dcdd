package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.PacketType;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(10)
class PcapReaderTest {
  private static final byte[] UNICAST = HexFormat.of().parseHex("0200000000010200000000020800");

  private static CaptureBytes file(String order) {
    return new CaptureBytes(order.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }

  @ParameterizedTest
  @CsvSource({"big,a1b2c3d4,1000", "little,a1b2c3d4,1000", "big,a1b23c4d,1", "little,a1b23c4d,1"})
  void readsBothOrdersAndResolutions(String order, String magic, int nanos) throws Exception {
    int number = (int) Long.parseLong(magic, 16);
    byte[] bytes =
        file(order)
            .pcapHeader(number, 2, 4, 65535, 1)
            .pcapRecord(-1, 999_999, 14, 60, UNICAST)
            .pcapRecord(1, 2, 0, 0, new byte[0])
            .toBytes();
    assertThat(Seen.all(bytes))
        .containsExactly(
            new Seen(
                "test.pcap",
                1,
                0xFFFF_FFFFL * 1_000_000_000 + 999_999L * nanos,
                60,
                PacketType.HOST,
                0,
                0,
                HexFormat.of().formatHex(UNICAST)),
            new Seen("test.pcap", 1, 1_000_000_000L + 2 * nanos, 0, PacketType.HOST, 0, 0, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "1, ffffffffffff0000, BROADCAST",
    "1, 01005e0000010000, MULTICAST",
    "1, 0200000000010000, HOST",
    "1, ffffffffff, HOST",
    "113, 00040001, OUTGOING",
    "113, 00030001, OTHERHOST",
    "113, 00070001, HOST",
    "276, 0800000000000001000102, MULTICAST",
    "101, ffffffffffff0000, HOST"
  })
  void takesThePacketTypeFromTheFrame(int linkType, String hex, PacketType type) throws Exception {
    byte[] payload = HexFormat.of().parseHex(hex);
    byte[] bytes =
        new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
            .pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, 65535, linkType)
            .pcapRecord(0, 0, payload.length, payload.length, payload)
            .toBytes();
    assertThat(Seen.all(bytes)).extracting(Seen::packetType).containsExactly(type);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2, 60, 14",
    "2, 3, 60, 14",
    "2, 3, 14, 60",
    "2, 4, 14, 60",
    "543, 0, 60, 14",
  })
  void readsTheLengthsInTheOrderOfTheVersion(int major, int minor, int first, int second)
      throws Exception {
    byte[] bytes =
        new CaptureBytes(ByteOrder.BIG_ENDIAN)
            .pcapHeader(PcapReader.MICROSECOND_MAGIC, major, minor, 65535, 1)
            .pcapRecord(0, 0, first, second, UNICAST)
            .toBytes();
    assertThat(Seen.all(bytes)).extracting(Seen::originalLength).containsExactly(60);
  }

  @ParameterizedTest
  @CsvSource({"30000001,1", "04000001,1", "c,101", "f0000071,113"})
  void keepsFcsBitsOutOfTheLinkType(String field, int linkType) throws Exception {
    byte[] bytes =
        new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
            .pcapHeader(
                PcapReader.MICROSECOND_MAGIC, 2, 4, 65535, Integer.parseUnsignedInt(field, 16))
            .pcapRecord(0, 0, 14, 14, UNICAST)
            .toBytes();
    assertThat(Seen.all(bytes)).extracting(Seen::linkType).containsExactly(linkType);
  }

  @Test
  void cutsAFrameToTheSnapLength() throws Exception {
    byte[] bytes =
        new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
            .pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, 6, 1)
            .pcapRecord(0, 0, 14, 60, UNICAST)
            .pcapRecord(0, 0, 2, -1, new byte[2])
            .toBytes();
    List<Seen> frames = Seen.all(bytes);
    assertThat(frames).extracting(Seen::payload).containsExactly("020000000001", "0000");
    assertThat(frames).extracting(Seen::originalLength).containsExactly(60, Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({"1,262144", "249,1048576", "279,8388608", "231,16777216"})
  void refusesAFrameBeyondTheLinkTypesMaximum(int linkType, int maximum) {
    byte[] bytes =
        new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
            .pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, -1, linkType)
            .pcapRecord(0, 0, 0, 0, new byte[0])
            .pcapRecord(0, 0, maximum + 1, maximum + 1, new byte[0])
            .toBytes();
    Seen.Run run = Seen.run(bytes);
    assertThat(run.frames()).hasSize(1);
    assertThat(run.fault())
        .isInstanceOf(CaptureFileException.class)
        .hasMessage(
            "test.pcap, byte 48: captured length of %d bytes; expected at most %d",
            maximum + 1, maximum);
  }

  @Test
  void readsAFrameLargerThanABlock() throws Exception {
    byte[] payload = new byte[3_000_000];
    payload[2_999_999] = 7;
    byte[] bytes =
        new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
            .pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, 0, 279)
            .pcapRecord(0, 0, 4, 4, new byte[4])
            .pcapRecord(0, 0, payload.length, payload.length, payload)
            .pcapRecord(0, 0, 4, 4, new byte[4])
            .toBytes();
    assertThat(Seen.all(bytes))
        .extracting(Seen::payload)
        .containsExactly("00000000", HexFormat.of().formatHex(payload), "00000000");
  }

  @ParameterizedTest
  @CsvSource({
    "a1b2c3d4, 2, 5, 1, 'byte 4: pcap version 2.5; expected one from 2.0 to 2.4'",
    "a1b2c3d4, 3, 0, 1, 'byte 4: pcap version 3.0; expected one from 2.0 to 2.4'",
    "a1b2c3d4, 2, 4, 01000001, 'byte 20: link type field of 0x1000001; expected zeros'",
    "cafebabe, 2, 4, 1, 'byte 0: no magic number of a pcap'"
  })
  void refusesOtherHeaders(String magic, int major, int minor, String link, String message) {
    byte[] bytes =
        new CaptureBytes(ByteOrder.BIG_ENDIAN)
            .pcapHeader(
                Integer.parseUnsignedInt(magic, 16),
                major,
                minor,
                65535,
                Integer.parseUnsignedInt(link, 16))
            .toBytes();
    assertThatThrownBy(() -> Seen.all(bytes))
        .isInstanceOf(CaptureFileException.class)
        .hasMessageContaining(message);
  }
}
