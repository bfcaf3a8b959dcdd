package dev.ringtap.kafka.cli;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code [HOST:]PORT}: without a host it is this machine's loopback. */
final class ListenAddress implements ITypeConverter<InetSocketAddress> {
  private static final Pattern FORM =
      Pattern.compile("(?:(?<host>\\[[^]]+]|[^:\\[\\]]+):)?(?<port>\\d{1,5})");

  private static final int MAX_PORT = 65_535;

  @Override
  public InetSocketAddress convert(String value) {
    Matcher matcher = FORM.matcher(value);
    if (!matcher.matches() || Integer.parseInt(matcher.group("port")) > MAX_PORT) {
      throw new TypeConversionException(
          "'" + value + "' is not [HOST:]PORT, such as 9464 or 0.0.0.0:9464");
    }
    String host = matcher.group("host");
    try {
      return new InetSocketAddress(
          InetAddress.getByName(host == null ? "127.0.0.1" : host),
          Integer.parseInt(matcher.group("port")));
    } catch (UnknownHostException e) {
      throw new TypeConversionException("no address is known for '" + host + "'");
    }
  }
}
