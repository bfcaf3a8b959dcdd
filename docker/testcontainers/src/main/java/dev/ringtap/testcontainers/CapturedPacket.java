package dev.ringtap.testcontainers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A packet that a container sent or received, decoded by the agent. Absent numbers are -1, absent
 * texts null. {@link #toString} is its line in tcpdump's format.
 *
 * <p>Immutable and thread-safe.
 */
public final class CapturedPacket {
  /** For whom a packet was, as packet(7) has it. */
  public enum Type {
    /** For the captured container. */
    HOST,
    /** For all on the network. */
    BROADCAST,
    /** For a group. */
    MULTICAST,
    /** For another host. */
    OTHERHOST,
    /** From the captured container. */
    OUTGOING
  }

  private static final int TCP = 6;
  private static final int TCP_SYN = 2;
  private static final int TCP_ACK = 16;

  private final JsonNode fields;
  private final Instant timestamp;
  private final Type type;
  private final byte[] frame;

  /**
   * @param fields an object that {@code ringtap dump --json} printed
   */
  CapturedPacket(JsonNode fields) {
    this.fields = fields;
    this.timestamp = Instant.parse(fields.get("timestamp").textValue());
    this.type = Type.valueOf(fields.get("packetType").textValue());
    try {
      this.frame = fields.get("payload").binaryValue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int number(String name) {
    return fields.path(name).asInt(-1);
  }

  private @Nullable String string(String name) {
    return fields.path(name).textValue();
  }

  /** When the kernel saw it, with nanoseconds. */
  public Instant timestamp() {
    return timestamp;
  }

  /** The captured container, by the alias that the test gave it, otherwise by its name. */
  public String container() {
    return fields.path("host").textValue();
  }

  /** The interface of the captured container. */
  public String interfaceName() {
    return fields.path("interfaceName").textValue();
  }

  /** Its position in the container's capture, from 0. */
  public long sequence() {
    return fields.get("sequence").longValue();
  }

  /** Its length on the wire in bytes, VLAN tags included. */
  public int originalLength() {
    return number("originalLength");
  }

  /** LINKTYPE value of its first header: 1 is Ethernet. */
  public int linkType() {
    return number("linkType");
  }

  /** For whom it was. */
  public Type type() {
    return type;
  }

  /** MAC address of the sender, {@code 02:00:00:00:00:01}. */
  public @Nullable String ethSrc() {
    return string("ethSrc");
  }

  /** MAC address of the receiver. */
  public @Nullable String ethDst() {
    return string("ethDst");
  }

  /** EtherType after all VLAN tags: 0x0800 is IPv4. */
  public int etherType() {
    return number("etherType");
  }

  /** IDs of its VLAN tags, the outermost first. */
  public List<Integer> vlanIds() {
    List<Integer> ids = new ArrayList<>();
    fields.path("vlanIds").forEach(id -> ids.add(id.intValue()));
    return List.copyOf(ids);
  }

  /** 4 or 6. */
  public int ipVersion() {
    return number("ipVersion");
  }

  /** IP address of the sender, IPv6 as in RFC 5952. */
  public @Nullable String ipSrc() {
    return string("ipSrc");
  }

  /** IP address of the receiver, IPv6 as in RFC 5952. */
  public @Nullable String ipDst() {
    return string("ipDst");
  }

  /** IANA's protocol number: 6 is TCP, 17 is UDP. */
  public int ipProtocol() {
    return number("ipProtocol");
  }

  /** Port of the sender. */
  public int srcPort() {
    return number("srcPort");
  }

  /** Port of the receiver. */
  public int dstPort() {
    return number("dstPort");
  }

  /** The eight TCP flags, CWR to FIN: 2 is SYN. */
  public int tcpFlags() {
    return number("tcpFlags");
  }

  /** TCP sequence number. */
  public long tcpSequence() {
    return fields.path("tcpSequence").asLong(-1);
  }

  /** Type of an ICMP or ICMPv6 message. */
  public int icmpType() {
    return number("icmpType");
  }

  /** The layer-2 frame as on the wire, as far as it was captured. */
  public byte[] frame() {
    return frame.clone();
  }

  /** The bytes that TCP or UDP carry, as far as they were captured; none for other packets. */
  public byte[] data() {
    int offset = number("l4PayloadOffset");
    if (offset < 0 || offset >= frame.length) {
      return new byte[0];
    }
    int length = Math.min(number("l4PayloadLength"), frame.length - offset);
    return Arrays.copyOfRange(frame, offset, offset + length);
  }

  /** {@link #data} as text, a character for each byte (ISO 8859-1). */
  public String text() {
    return new String(data(), StandardCharsets.ISO_8859_1);
  }

  /** Whether it asks for a TCP connection: SYN without ACK. */
  public boolean isConnectionRequest() {
    int flags = tcpFlags();
    return flags >= 0 && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
  }

  /** Whether its TCP data begins with a TLS ClientHello (RFC 8446, sections 4 and 5.1). */
  public boolean isTlsClientHello() {
    return ipProtocol() == TCP && fields.path("tls").path("client").asBoolean(false);
  }

  /**
   * The TLS version of a hello: the highest that the client offers, or the one that the server
   * chose, {@code TLS 1.3}.
   */
  public String tlsVersion() {
    return fields.path("tls").path("version").textValue();
  }

  /** The name of the server that a TLS ClientHello asks for (SNI). */
  public String tlsServerName() {
    return fields.path("tls").path("serverName").textValue();
  }

  /** The name that the first question of a DNS message asks for, without a dot at its end. */
  public String dnsQuestionName() {
    return fields.path("dns").path("questionName").textValue();
  }

  /** The first line of an HTTP/1 request, {@code GET /index.html HTTP/1.1}. */
  public String httpRequestLine() {
    return fields.path("http").path("line").textValue();
  }

  @Override
  public String toString() {
    return fields.path("line").textValue();
  }
}
