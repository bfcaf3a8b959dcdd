package dev.ringtap.kafka.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ringtap.packet.DnsMessage;
import dev.ringtap.packet.HttpRequest;
import dev.ringtap.packet.IpProtocol;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.packet.TlsHello;
import dev.ringtap.record.Packet;
import dev.ringtap.record.Vlan;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Packets as JSON objects: the fields of {@link Packet} under their names, then those of {@link
 * PacketHeaders}, what DNS, TLS and HTTP say, and the line of {@code ringtap dump}. What a packet
 * lacks is left out. Not thread-safe.
 */
final class PacketJson {
  /** In ASCII: nothing in it controls a terminal. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** DNS and mDNS: a payload has no mark of it. */
  private static final Set<Integer> DNS_PORTS = Set.of(53, 5353);

  private final PacketHeaders headers = new PacketHeaders();

  /** The object, on one line. */
  String line(Packet packet) {
    try {
      return JSON.writeValueAsString(object(packet));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers are always JSON", e);
    }
  }

  private ObjectNode object(Packet packet) {
    ByteBuffer payload = packet.getPayload().duplicate();
    byte[] frame = new byte[payload.remaining()];
    payload.get(frame);
    ObjectNode object = JSON.createObjectNode();
    object.put("timestamp", packet.getTimestamp().toString());
    object.put("host", packet.getHost());
    object.put("interfaceName", packet.getInterfaceName());
    object.put("captureStart", packet.getCaptureStart().toString());
    object.put("member", packet.getMember());
    object.put("sequence", packet.getSequence());
    object.put("lostBefore", packet.getLostBefore());
    object.put("originalLength", packet.getOriginalLength());
    object.put("linkType", packet.getLinkType());
    object.put("packetType", packet.getPacketType().name());
    object.put("flags", packet.getFlags());
    Vlan vlan = packet.getVlan();
    if (vlan != null) {
      ObjectNode tag = object.putObject("vlan");
      tag.put("tpid", vlan.getTpid());
      tag.put("id", vlan.getId());
      tag.put("priority", vlan.getPriority());
      tag.put("dropEligible", vlan.getDropEligible());
    }
    object.put("payload", frame);
    headers.parse(MemorySegment.ofArray(frame), 0, frame.length, packet.getLinkType());
    putHeaders(object);
    putApplication(object, frame);
    object.put("line", DumpCommand.line(packet));
    return object;
  }

  private void putHeaders(ObjectNode object) {
    put(object, "ethSrc", headers.ethSrc());
    put(object, "ethDst", headers.ethDst());
    put(object, "etherType", headers.etherType());
    ArrayNode tags = object.putArray("vlanIds");
    for (int i = 0; i < headers.vlanCount(); i++) {
      tags.add(headers.vlanId(i));
    }
    put(object, "arpOperation", headers.arpOperation());
    put(object, "ipVersion", headers.ipVersion());
    put(object, "ipSrc", headers.ipSrc());
    put(object, "ipDst", headers.ipDst());
    put(object, "ipProtocol", headers.ipProtocol());
    put(object, "ttl", headers.ttl());
    put(object, "srcPort", headers.srcPort());
    put(object, "dstPort", headers.dstPort());
    put(object, "tcpFlags", headers.tcpFlags());
    put(object, "tcpSequence", headers.tcpSequence());
    put(object, "tcpAcknowledgment", headers.tcpAcknowledgment());
    put(object, "tcpWindow", headers.tcpWindow());
    put(object, "icmpType", headers.icmpType());
    put(object, "icmpCode", headers.icmpCode());
    put(object, "l4PayloadOffset", headers.payloadOffset());
    put(object, "l4PayloadLength", headers.payloadLength());
  }

  /** What DNS, TLS and HTTP say at the beginning of the data. */
  private void putApplication(ObjectNode object, byte[] frame) {
    int offset = headers.payloadOffset();
    if (offset < 0 || offset >= frame.length) {
      return;
    }
    int end = Math.min(frame.length, offset + headers.payloadLength());
    byte[] data = Arrays.copyOfRange(frame, offset, end);
    boolean isDns = DNS_PORTS.contains(headers.srcPort()) || DNS_PORTS.contains(headers.dstPort());
    DnsMessage dns = isDns ? DnsMessage.of(data) : null;
    if (dns != null) {
      ObjectNode message = object.putObject("dns");
      message.put("response", dns.isResponse());
      put(message, "questionName", dns.questionName());
      put(message, "questionType", dns.questionType());
      put(message, "rcode", dns.rcode());
      dns.answers().forEach(message.putArray("answers")::add);
    }
    if (headers.ipProtocol() != IpProtocol.TCP) {
      return;
    }
    TlsHello tls = TlsHello.of(data);
    if (tls != null) {
      ObjectNode hello = object.putObject("tls");
      hello.put("client", tls.isClient());
      hello.put("version", tls.version());
      put(hello, "serverName", tls.serverName());
      tls.protocols().forEach(hello.putArray("protocols")::add);
    }
    HttpRequest http = HttpRequest.of(data);
    if (http != null) {
      ObjectNode request = object.putObject("http");
      request.put("line", http.line());
      put(request, "host", http.host());
    }
  }

  private static void put(ObjectNode object, String name, @Nullable String text) {
    if (text != null) {
      object.put(name, text);
    }
  }

  /** Absent numbers are -1. */
  private static void put(ObjectNode object, String name, long number) {
    if (number >= 0) {
      object.put(name, number);
    }
  }
}
