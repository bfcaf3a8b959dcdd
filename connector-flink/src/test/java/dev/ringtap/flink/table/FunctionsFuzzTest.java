package dev.ringtap.flink.table;

import dev.ringtap.testkit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * Every function of the module, of any bytes: as a payload, as flags, and as the text of an address
 * and, after a space, of a subnet. Nothing throws, except that a subnet is refused which is none.
 */
public final class FunctionsFuzzTest extends FuzzTest {
  private static final List<String> PRIVATE =
      List.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7");

  private static final int MOST_FLAGS_CHARACTERS = 8 * 4 - 1;

  public FunctionsFuzzTest() {
    super(FunctionsFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    int space = text.indexOf(' ');
    addresses(space < 0 ? text : text.substring(0, space), text.substring(space + 1));
    if (input.length >= Integer.BYTES) {
      String flags = new PacketFunctions.TcpFlagsText().eval(ByteBuffer.wrap(input).getInt());
      check(flags == null || flags.length() <= MOST_FLAGS_CHARACTERS, flags);
    }
    payload(input);
  }

  private static void addresses(String address, String subnet) {
    InSubnet inSubnet = new InSubnet();
    Boolean isPrivate = new PacketFunctions.IsPrivate().eval(address);
    Boolean inOne =
        PRIVATE.stream()
            .map(each -> inSubnet.eval(address, each))
            .reduce(false, (all, each) -> each == null ? null : all || each);
    check(Objects.equals(isPrivate, inOne), address);
    try {
      Boolean is = inSubnet.eval(address, subnet);
      check((is == null) == (isPrivate == null), subnet);
    } catch (IllegalArgumentException e) {
      check(e.getMessage().startsWith("subnet '") || e.getMessage().startsWith("'"), subnet);
    }
    String vendor = new PacketFunctions.MacVendorPrefix().eval(address);
    check(vendor == null || vendor.length() == 8 && address.startsWith(vendor), address);
  }

  private static void payload(byte[] payload) {
    new PacketFunctions.DnsQuestionName().eval(payload);
    Integer type = new PacketFunctions.DnsQuestionType().eval(payload);
    check(type == null || type >>> 16 == 0, type);
    Integer code = new PacketFunctions.DnsRcode().eval(payload);
    check(code == null || code >>> 12 == 0, code);
    String[] answers = new PacketFunctions.DnsAnswers().eval(payload);
    check(answers == null || answers.length > 0, "an empty array");
    new PacketFunctions.TlsSni().eval(payload);
    new PacketFunctions.TlsAlpn().eval(payload);
    new PacketFunctions.TlsVersion().eval(payload);
    String line = new PacketFunctions.HttpRequestLine().eval(payload);
    String host = new PacketFunctions.HttpHost().eval(payload);
    check(host == null || line != null, host);
  }

  private static void check(boolean holds, Object what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
