package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The hello of a TLS client or server (RFC 8446, section 4.1, and RFC 5246 before it), with which
 * what TCP carries begins. A hello that goes on in a later segment is read as far as it goes.
 * Immutable.
 */
public final class TlsHello {
  private static final int RECORD_HEADER_BYTES = 5;
  private static final int MESSAGE_HEADER_BYTES = 4;
  private static final int RANDOM_BYTES = 32;
  private static final int CHANGE_CIPHER_SPEC = 20;
  private static final int ALERT = 21;
  private static final int HANDSHAKE = 22;
  private static final int CLIENT_HELLO = 1;
  private static final int SERVER_HELLO = 2;

  private static final int SERVER_NAME = 0;
  private static final int ALPN = 16;
  private static final int SUPPORTED_VERSIONS = 43;

  private static final int SSL_3_0 = 0x0300;
  private static final int TLS_1_3 = 0x0304;

  /** High byte of the versions that servers chose before TLS 1.3 was finished. */
  private static final int DRAFTS = 0x7F;

  private final boolean isClient;
  private final int version;
  private final @Nullable String serverName;
  private final List<String> protocols;

  private TlsHello(
      boolean isClient, int version, @Nullable String serverName, List<String> protocols) {
    this.isClient = isClient;
    this.version = version;
    this.serverName = serverName;
    this.protocols = protocols;
  }

  /** The hello in a payload, or null if there is none. */
  public static @Nullable TlsHello of(byte[] payload) {
    byte[] handshake = handshake(payload);
    if (handshake.length < MESSAGE_HEADER_BYTES + 2 + RANDOM_BYTES + 1) {
      return null;
    }
    ByteView bytes = new ByteView().show(MemorySegment.ofArray(handshake), 0, handshake.length);
    int type = bytes.unsignedByte(0);
    int version = bytes.unsignedShort(MESSAGE_HEADER_BYTES);
    boolean isVersion = version >>> 8 == SSL_3_0 >>> 8 || version >>> 8 == DRAFTS;
    if (type != CLIENT_HELLO && type != SERVER_HELLO || !isVersion) {
      return null;
    }
    int declared = bytes.unsignedByte(1) << 16 | bytes.unsignedShort(2);
    int end = Math.min(handshake.length, MESSAGE_HEADER_BYTES + declared);
    return new Reader(bytes, end, type == CLIENT_HELLO, version).read();
  }

  /**
   * The handshake messages of the first records, after those of other kinds that may come before a
   * hello; none if the payload begins otherwise.
   */
  private static byte[] handshake(byte[] payload) {
    byte[] joined = new byte[payload.length];
    int length = 0;
    int at = 0;
    while (at + RECORD_HEADER_BYTES < payload.length
        && (payload[at] == HANDSHAKE || isBeforeHello(payload[at]) && length == 0)
        && payload[at + 1] == 3) {
      int declared = (payload[at + 3] & 0xFF) << 8 | payload[at + 4] & 0xFF;
      at += RECORD_HEADER_BYTES;
      int there = Math.min(declared, payload.length - at);
      if (payload[at - RECORD_HEADER_BYTES] == HANDSHAKE) {
        System.arraycopy(payload, at, joined, length, there);
        length += there;
      }
      at += there;
    }
    return Arrays.copyOf(joined, length);
  }

  /** A server that does not know the name warns; a client may change its cipher and ask again. */
  private static boolean isBeforeHello(byte type) {
    return type == ALERT || type == CHANGE_CIPHER_SPEC;
  }

  /** Whether it is the client's; otherwise the server's. */
  public boolean isClient() {
    return isClient;
  }

  /** Name of the server that the client asks for (SNI, RFC 6066); null if it does not say. */
  public @Nullable String serverName() {
    return serverName;
  }

  /**
   * Protocols of the application (ALPN, RFC 7301): those that the client offers, or the one that
   * the server chose. A server of TLS 1.3 encrypts its choice. Empty if there are none.
   */
  public List<String> protocols() {
    return protocols;
  }

  /**
   * The version that the server chose, or the highest that the client offers, {@code TLS 1.3}; a
   * number that is none of them as {@code 0x7f1c}.
   */
  public String version() {
    if (version == SSL_3_0) {
      return "SSL 3.0";
    }
    return version > SSL_3_0 && version <= TLS_1_3
        ? "TLS 1." + (version - SSL_3_0 - 1)
        : String.format("0x%04x", version);
  }

  /** Reads a hello's fields as far as they are whole. */
  private static final class Reader {
    private final ByteView bytes;
    private final int end;
    private final boolean isClient;
    private int version;
    private @Nullable String serverName;
    private List<String> protocols = List.of();

    Reader(ByteView bytes, int end, boolean isClient, int version) {
      this.bytes = bytes;
      this.end = end;
      this.isClient = isClient;
      this.version = version;
    }

    TlsHello read() {
      int at = afterVector(MESSAGE_HEADER_BYTES + 2 + RANDOM_BYTES, 1, end);
      if (isClient) {
        at = afterVector(afterVector(at, 2, end), 1, end);
      } else {
        at += 3;
      }
      if (at + 2 <= end) {
        extensions(at + 2, Math.min(end, at + 2 + bytes.unsignedShort(at)));
      }
      return new TlsHello(isClient, version, serverName, protocols);
    }

    /** Where the bytes end whose length stands before them; beyond the limit if not whole. */
    private int afterVector(int at, int lengthBytes, int limit) {
      if (at + lengthBytes > limit) {
        return limit + 1;
      }
      return at
          + lengthBytes
          + (lengthBytes == 1 ? bytes.unsignedByte(at) : bytes.unsignedShort(at));
    }

    private void extensions(int first, int limit) {
      int at = first;
      while (at + 4 <= limit) {
        int type = bytes.unsignedShort(at);
        int next = afterVector(at + 2, 2, limit);
        if (next > limit) {
          return;
        }
        extension(type, at + 4, next);
        at = next;
      }
    }

    private void extension(int type, int at, int limit) {
      switch (type) {
        case SERVER_NAME -> serverName(at, limit);
        case ALPN -> protocols = names(at + 2, limit);
        case SUPPORTED_VERSIONS -> versions(at, limit);
        default -> {
          // nothing that is told here
        }
      }
    }

    /** The first name of a list whose only type is host_name, 0. */
    private void serverName(int at, int limit) {
      int name = at + 3;
      if (isClient && afterVector(name, 2, limit) <= limit && bytes.unsignedByte(at + 2) == 0) {
        serverName = text(name + 2, bytes.unsignedShort(name));
      }
    }

    private List<String> names(int first, int limit) {
      List<String> names = new ArrayList<>();
      int at = first;
      while (afterVector(at, 1, limit) <= limit) {
        names.add(text(at + 1, bytes.unsignedByte(at)));
        at = afterVector(at, 1, limit);
      }
      return List.copyOf(names);
    }

    private void versions(int at, int limit) {
      if (!isClient) {
        version = at + 2 <= limit ? bytes.unsignedShort(at) : version;
        return;
      }
      int highest = -1;
      for (int each = at + 1; each + 2 <= limit; each += 2) {
        int offered = bytes.unsignedShort(each);
        // others are drafts, or GREASE of RFC 8701
        if (offered >= SSL_3_0 && offered <= TLS_1_3) {
          highest = Math.max(highest, offered);
        }
      }
      version = highest < 0 ? version : highest;
    }

    private String text(int at, int length) {
      byte[] text = new byte[length];
      bytes.copyTo(at, text, 0, length);
      return new String(text, StandardCharsets.UTF_8);
    }
  }
}
