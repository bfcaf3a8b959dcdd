package dev.ringtap.packet;

import dev.ringtap.testkit.FuzzTest;
import java.util.List;

/**
 * What TCP or UDP carry, of any bytes: it is read as DNS, TLS and HTTP, nothing throws, and what is
 * told is not much longer than the bytes.
 */
public final class PayloadFuzzTest extends FuzzTest {
  /** Of the longest name, each of whose bytes is an escape. */
  private static final int MOST_NAME_CHARACTERS = 4 * 255;

  /** An answer's name and numbers. */
  private static final int LEAST_ANSWER_BYTES = 11;

  public PayloadFuzzTest() {
    super(PayloadFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] payload) {
    DnsMessage dns = DnsMessage.of(payload);
    if (dns != null) {
      dns(dns, payload.length);
    }
    TlsHello tls = TlsHello.of(payload);
    if (tls != null) {
      check(tls.serverName(), payload.length);
      tls.protocols().forEach(each -> check(each, 0xFF));
      check(tls.version(), 7);
      if (!tls.isClient() && tls.serverName() != null) {
        throw new AssertionError("a server's hello names a server");
      }
    }
    HttpRequest http = HttpRequest.of(payload);
    if (http != null) {
      check(http.line(), payload.length);
      check(http.host(), payload.length);
    }
  }

  private static void dns(DnsMessage dns, int length) {
    check(dns.questionName(), MOST_NAME_CHARACTERS);
    if (dns.questionName() == null != dns.questionType() < 0
        || dns.isResponse() != dns.rcode() >= 0) {
      throw new AssertionError("a name without a type, or a code of a query");
    }
    List<String> answers = dns.answers();
    if (answers.size() > length / LEAST_ANSWER_BYTES) {
      throw new AssertionError(answers.size() + " answers of " + length + " bytes");
    }
    answers.forEach(each -> check(each, Math.max(MOST_NAME_CHARACTERS, length)));
  }

  private static void check(String text, int most) {
    if (text != null && text.length() > most) {
      throw new AssertionError(text.length() + " characters: " + text);
    }
  }
}
