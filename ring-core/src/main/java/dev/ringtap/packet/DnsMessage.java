package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A DNS message (RFC 1035) in what UDP or TCP carry, also of mDNS (RFC 6762) and LLMNR (RFC 4795).
 * What ends before the message does is read as far as it goes. Immutable.
 *
 * <p>Names are in the form of zone files, without the dot at the end: {@code example.org}, and
 * {@code .} for the root. A dot or backslash within a label has a backslash before it, any other
 * byte but visible ASCII is {@code \DDD}, decimal.
 */
public final class DnsMessage {
  private static final int HEADER_BYTES = 12;
  private static final int LENGTH_BYTES = 2;
  private static final int RECORD_BYTES = 10;
  private static final int RESPONSE = 0x8000;
  private static final int MOST_OPCODE = 6;
  private static final int UNASSIGNED_OPCODE = 3;

  /** Servers answer one question; those of mDNS may be several. */
  private static final int MOST_QUESTIONS = 64;

  private static final int MOST_NAME_BYTES = 255;
  private static final int POINTER = 0xC0;

  private static final int A = 1;
  private static final int NS = 2;
  private static final int CNAME = 5;
  private static final int PTR = 12;
  private static final int MX = 15;
  private static final int TXT = 16;
  private static final int AAAA = 28;
  private static final int SRV = 33;
  private static final int DNAME = 39;

  private static final int NETBIOS = 32;
  private static final int NETBIOS_STATUS = 33;
  private static final Pattern NETBIOS_NAME = Pattern.compile("[A-P]{32}(\\..*)?");

  private final ByteView bytes;

  /** Where the message begins: to it pointers within names refer. */
  private final int start;

  private final @Nullable String questionName;
  private final int questionType;

  /** Where the answers begin. */
  private final int answersAt;

  private DnsMessage(
      ByteView bytes, int start, @Nullable String questionName, int questionType, int answersAt) {
    this.bytes = bytes;
    this.start = start;
    this.questionName = questionName;
    this.questionType = questionType;
    this.answersAt = answersAt;
  }

  /**
   * The message in a payload, or null if it is none. Over TCP its length stands before it, and it
   * may be the first of several.
   *
   * <p>A payload has no mark of DNS: one of another protocol may by chance look like a message.
   * Tell DNS by its port, 53, or 5353 for mDNS.
   */
  public static @Nullable DnsMessage of(byte[] payload) {
    ByteView bytes = new ByteView().show(MemorySegment.ofArray(payload), 0, payload.length);
    DnsMessage found = at(bytes, 0);
    if (found == null
        && payload.length >= LENGTH_BYTES + HEADER_BYTES
        && bytes.unsignedShort(0) >= HEADER_BYTES) {
      found = at(bytes, LENGTH_BYTES);
    }
    return found;
  }

  private static @Nullable DnsMessage at(ByteView bytes, int start) {
    if (bytes.length() < start + HEADER_BYTES) {
      return null;
    }
    int flags = bytes.unsignedShort(start + 2);
    int opcode = flags >>> 11 & 0xF;
    int questions = bytes.unsignedShort(start + 4);
    boolean isKnown = opcode <= MOST_OPCODE && opcode != UNASSIGNED_OPCODE;
    if (!isKnown || questions > MOST_QUESTIONS) {
      return null;
    }
    Cursor cursor = new Cursor(bytes, start, start + HEADER_BYTES);
    String name = null;
    int type = -1;
    for (int i = 0; i < questions; i++) {
      String each = cursor.name();
      if (each == null || cursor.at + 4 > bytes.length()) {
        return null;
      }
      int asked = cursor.shortAt(0);
      if (asked == 0 || !isClass(cursor.shortAt(2)) || isNetBios(each, asked)) {
        return null;
      }
      if (i == 0) {
        name = each;
        type = asked;
      }
      cursor.at += 4;
    }
    if (questions == 0) {
      boolean isHeader = bytes.length() == cursor.at && bytes.unsignedShort(start + 6) == 0;
      if ((flags & RESPONSE) == 0 || !isHeader && !cursor.isAtRecord()) {
        return null;
      }
    }
    return new DnsMessage(bytes, start, name, type, cursor.at);
  }

  /** The name service of NetBIOS (RFC 1002) has DNS's format, with types and names of its own. */
  private static boolean isNetBios(String name, int type) {
    return (type == NETBIOS || type == NETBIOS_STATUS) && NETBIOS_NAME.matcher(name).matches();
  }

  /** IN, CH, HS, NONE and ANY; mDNS has a flag in the highest bit. */
  private static boolean isClass(int number) {
    int plain = number & 0x7FFF;
    return plain == 1 || plain == 3 || plain == 4 || plain == 254 || plain == 255;
  }

  /** Whether it is a response; otherwise a query. */
  public boolean isResponse() {
    return (bytes.unsignedShort(start + 2) & RESPONSE) != 0;
  }

  /** Name that the first question asks for; null if there is no question. */
  public @Nullable String questionName() {
    return questionName;
  }

  /** Type that the first question asks for, 1 A, 28 AAAA; -1 if there is no question. */
  public int questionType() {
    return questionType;
  }

  /** Code of a response, 0 NOERROR, 3 NXDOMAIN; -1 of a query. */
  public int rcode() {
    return isResponse() ? bytes.unsignedByte(start + 3) & 0xF : -1;
  }

  /**
   * What the answers say, in their order, as far as they are whole: addresses of A and AAAA, names
   * of CNAME, DNAME, NS, PTR, MX and SRV, texts of TXT. Answers of other types are left out.
   */
  public List<String> answers() {
    List<String> answers = new ArrayList<>();
    Cursor cursor = new Cursor(bytes, start, answersAt);
    int count = bytes.unsignedShort(start + 6);
    for (int i = 0; i < count && cursor.name() != null; i++) {
      if (cursor.at + RECORD_BYTES > bytes.length()) {
        break;
      }
      int type = cursor.shortAt(0);
      int length = cursor.shortAt(8);
      int data = cursor.at + RECORD_BYTES;
      if (length > bytes.length() - data) {
        break;
      }
      String answer = answer(type, data, length);
      if (answer != null) {
        answers.add(answer);
      }
      cursor.at = data + length;
    }
    return answers;
  }

  private @Nullable String answer(int type, int at, int length) {
    switch (type) {
      case A:
        return length == 4 ? ipv4(at) : null;
      case AAAA:
        return length == 16 ? ipv6(at) : null;
      case NS:
      case CNAME:
      case PTR:
      case DNAME:
        return name(at, length, 0);
      case MX:
        return name(at, length, 2);
      case SRV:
        return name(at, length, 6);
      case TXT:
        return text(at, at + length);
      default:
        return null;
    }
  }

  private String ipv4(int at) {
    StringBuilder out = new StringBuilder();
    NetworkBytes.appendIpv4(out, bytes, at);
    return out.toString();
  }

  private String ipv6(int at) {
    StringBuilder out = new StringBuilder();
    NetworkBytes.appendIpv6(out, bytes, at);
    return out.toString();
  }

  /** A name after numbers; it must end where the record's data does. */
  private @Nullable String name(int at, int length, int numberBytes) {
    Cursor cursor = new Cursor(bytes, start, at + numberBytes);
    String name = length > numberBytes ? cursor.name() : null;
    return cursor.at == at + length ? name : null;
  }

  /** The strings of a TXT record one after the other, as RFC 7208 and others read them. */
  private String text(int at, int end) {
    StringBuilder out = new StringBuilder();
    int next = at;
    while (next < end) {
      int length = Math.min(bytes.unsignedByte(next), end - next - 1);
      byte[] part = new byte[length];
      bytes.copyTo(next + 1, part, 0, length);
      out.append(new String(part, StandardCharsets.UTF_8));
      next += 1 + length;
    }
    return out.toString();
  }

  /** Reads on through the message; never outside of it. */
  private static final class Cursor {
    private final ByteView bytes;
    private final int start;
    private int at;

    Cursor(ByteView bytes, int start, int at) {
      this.bytes = bytes;
      this.start = start;
      this.at = at;
    }

    /** A number some bytes further on; the caller has checked that it is there. */
    int shortAt(int offset) {
      return bytes.unsignedShort(at + offset);
    }

    /** Whether a record's name and the numbers after it are here. */
    boolean isAtRecord() {
      int from = at;
      boolean isThere =
          name() != null && at + RECORD_BYTES <= bytes.length() && isClass(shortAt(2));
      at = from;
      return isThere;
    }

    /**
     * Reads a name and moves after it; null if it is none. Pointers go backwards only, so that a
     * name ends.
     */
    @Nullable String name() {
      StringBuilder out = new StringBuilder();
      int from = at;
      int next = at;
      int after = -1;
      int nameBytes = 1;
      while (next < bytes.length()) {
        int length = bytes.unsignedByte(next);
        if (length == 0) {
          at = after < 0 ? next + 1 : after;
          return out.isEmpty() ? "." : out.toString();
        }
        if (length >= POINTER) {
          if (next + 2 > bytes.length()) {
            return null;
          }
          int target = start + (bytes.unsignedShort(next) & 0x3FFF);
          if (target >= from || target < start + HEADER_BYTES) {
            return null;
          }
          after = after < 0 ? next + 2 : after;
          from = target;
          next = target;
          continue;
        }
        nameBytes += 1 + length;
        if (length >= 64 || next + 1 + length > bytes.length() || nameBytes > MOST_NAME_BYTES) {
          return null;
        }
        if (!out.isEmpty()) {
          out.append('.');
        }
        label(out, next + 1, length);
        next += 1 + length;
      }
      return null;
    }

    private void label(StringBuilder out, int first, int length) {
      for (int i = 0; i < length; i++) {
        int each = bytes.unsignedByte(first + i);
        if (each == '.' || each == '\\') {
          out.append('\\').append((char) each);
        } else if (each > ' ' && each < 0x7F) {
          out.append((char) each);
        } else {
          out.append('\\').append(each / 100).append(each / 10 % 10).append(each % 10);
        }
      }
    }
  }
}
