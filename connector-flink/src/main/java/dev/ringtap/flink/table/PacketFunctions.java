package dev.ringtap.flink.table;

import dev.ringtap.packet.DnsMessage;
import dev.ringtap.packet.HttpRequest;
import dev.ringtap.packet.TlsHello;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.table.functions.ScalarFunction;
import org.jspecify.annotations.Nullable;

/**
 * The functions of {@code LOAD MODULE ringtap}: of addresses, TCP's flags, and of what TCP or UDP
 * carry, {@code l4_payload}. They are pure and thread-safe. Each gives null for null, and for
 * anything that is not what it reads.
 */
public final class PacketFunctions {
  private PacketFunctions() {}

  private static <T, R> @Nullable R of(@Nullable T read, Function<T, @Nullable R> field) {
    return read == null ? null : field.apply(read);
  }

  private static @Nullable DnsMessage dns(byte @Nullable [] payload) {
    return of(payload, DnsMessage::of);
  }

  private static @Nullable TlsHello tls(byte @Nullable [] payload) {
    return of(payload, TlsHello::of);
  }

  private static @Nullable HttpRequest http(byte @Nullable [] payload) {
    return of(payload, HttpRequest::of);
  }

  private static @Nullable Integer orNull(int found) {
    return found < 0 ? null : found;
  }

  private static String @Nullable [] array(List<String> texts) {
    return texts.isEmpty() ? null : texts.toArray(String[]::new);
  }

  /** {@code is_private(address)}. */
  public static final class IsPrivate extends ScalarFunction {
    private static final long serialVersionUID = 1;

    private static final List<Subnet> PRIVATE =
        List.of(
            Subnet.parse("10.0.0.0/8"),
            Subnet.parse("172.16.0.0/12"),
            Subnet.parse("192.168.0.0/16"),
            Subnet.parse("fc00::/7"));

    /** Whether an IP address is of a private network (RFC 1918, RFC 4193). */
    public @Nullable Boolean eval(@Nullable String address) {
      byte[] bytes = Subnet.addressOrNull(address);
      return bytes == null ? null : PRIVATE.stream().anyMatch(each -> each.contains(bytes));
    }
  }

  /** {@code mac_vendor_prefix(address)}. */
  public static final class MacVendorPrefix extends ScalarFunction {
    private static final long serialVersionUID = 1;

    private static final int PREFIX_CHARACTERS = 8;

    /** The first three bytes of a MAC address, which the IEEE assigns to vendors. */
    public @Nullable String eval(@Nullable String address) {
      return address != null && address.matches(MacPredicate.FORM)
          ? address.substring(0, PREFIX_CHARACTERS)
          : null;
    }
  }

  /** {@code tcp_flags_text(flags)}. */
  public static final class TcpFlagsText extends ScalarFunction {
    private static final long serialVersionUID = 1;

    private static final String[] NAMES = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};

    /** Names of the flags that are set, {@code SYN,ACK}, in the order of their bits. */
    public @Nullable String eval(@Nullable Integer flags) {
      if (flags == null || flags >>> NAMES.length != 0) {
        return null;
      }
      StringBuilder text = new StringBuilder();
      for (int bit = 0; bit < NAMES.length; bit++) {
        if ((flags >>> bit & 1) != 0) {
          text.append(text.isEmpty() ? "" : ",").append(NAMES[bit]);
        }
      }
      return text.toString();
    }
  }

  /** {@code dns_question_name(payload)}. */
  public static final class DnsQuestionName extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The name that the first question of a DNS message asks for. */
    public @Nullable String eval(byte @Nullable [] payload) {
      return of(dns(payload), DnsMessage::questionName);
    }
  }

  /** {@code dns_question_type(payload)}. */
  public static final class DnsQuestionType extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The type that the first question of a DNS message asks for. */
    public @Nullable Integer eval(byte @Nullable [] payload) {
      return of(dns(payload), dns -> orNull(dns.questionType()));
    }
  }

  /** {@code dns_rcode(payload)}. */
  public static final class DnsRcode extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The code of a DNS response. */
    public @Nullable Integer eval(byte @Nullable [] payload) {
      return of(dns(payload), dns -> orNull(dns.rcode()));
    }
  }

  /** {@code dns_answers(payload)}. */
  public static final class DnsAnswers extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** Addresses, names and texts of the answers of a DNS response. */
    public String @Nullable [] eval(byte @Nullable [] payload) {
      return of(dns(payload), dns -> array(dns.answers()));
    }
  }

  /** {@code tls_sni(payload)}. */
  public static final class TlsSni extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The server's name in a TLS ClientHello. */
    public @Nullable String eval(byte @Nullable [] payload) {
      return of(tls(payload), TlsHello::serverName);
    }
  }

  /** {@code tls_alpn(payload)}. */
  public static final class TlsAlpn extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The protocols that a TLS hello offers, or chose. */
    public String @Nullable [] eval(byte @Nullable [] payload) {
      return of(tls(payload), hello -> array(hello.protocols()));
    }
  }

  /** {@code tls_version(payload)}. */
  public static final class TlsVersion extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The version that a TLS hello offers, or chose. */
    public @Nullable String eval(byte @Nullable [] payload) {
      return of(tls(payload), TlsHello::version);
    }
  }

  /** {@code http_request_line(payload)}. */
  public static final class HttpRequestLine extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The first line of an HTTP request. */
    public @Nullable String eval(byte @Nullable [] payload) {
      return of(http(payload), HttpRequest::line);
    }
  }

  /** {@code http_host(payload)}. */
  public static final class HttpHost extends ScalarFunction {
    private static final long serialVersionUID = 1;

    /** The header Host of an HTTP request. */
    public @Nullable String eval(byte @Nullable [] payload) {
      return of(http(payload), HttpRequest::host);
    }
  }
}
