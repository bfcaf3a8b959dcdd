package dev.ringtap.flink.table;

import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.EtherType;
import dev.ringtap.packet.IpProtocol;

/**
 * BPF that finds a frame's headers as {@link dev.ringtap.packet.PacketHeaders} does and leaves
 * their numbers in scratch words. A load after the end of a frame would end the program and refuse
 * the frame, so lengths are tested first. The one thing it does not follow is IPv6's extension
 * headers: a program that asks for what lies after them keeps such frames, for Flink to decide.
 */
final class HeaderDecoder {
  /** In a word whose number is absent from the frame. */
  static final int ABSENT = 0xFFFF_FFFF;

  static final int LENGTH = 0;
  static final int OUTER_TPID = 1;
  static final int OUTER_TCI = 2;
  static final int INNER_TCI = 3;
  static final int ETHER_TYPE = 4;
  static final int NETWORK_OFFSET = 5;
  static final int IP_VERSION = 6;
  static final int IP_PROTOCOL = 7;
  static final int SRC_PORT = 8;
  static final int DST_PORT = 9;
  static final int TCP_FLAGS = 10;
  static final int PACKET_TYPE = 11;

  /** Bytes of the network header and its extensions' end, while the transport header is sought. */
  private static final int HEADER_END = 12;

  private static final int DECLARED_END = 13;

  /** Bytes of the frame where it begins with an Ethernet header, otherwise 0. */
  static final int ETHERNET_LENGTH = 14;

  /** Type and code of an ICMP or ICMPv6 message. */
  static final int ICMP = 15;

  private static final int ETHERNET_BYTES = 14;
  private static final int TYPE_AT = 12;
  private static final int TAG_BYTES = 4;
  private static final int MOST_TAGS = 8;
  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int TCP_BYTES = 20;
  private static final int PORTS_BYTES = 4;
  private static final int ICMP_BYTES = 4;
  private static final int FRAGMENT_OFFSET = 0x1FFF;
  private static final int OUTGOING = 4;

  private static final int[] EXTENSIONS = {
    IpProtocol.HOP_BY_HOP,
    IpProtocol.ROUTING,
    IpProtocol.FRAGMENT,
    IpProtocol.DESTINATION_OPTIONS,
    IpProtocol.AUTHENTICATION
  };

  private final BpfAssembler out;
  private final boolean ethernet;
  private final Label undecided;

  /**
   * @param ethernet whether frames begin with an Ethernet header; otherwise with their network
   *     layer
   * @param undecided where frames go that only Flink can decide on
   */
  HeaderDecoder(BpfAssembler out, boolean ethernet, Label undecided) {
    this.out = out;
    this.ethernet = ethernet;
    this.undecided = undecided;
  }

  /** Whether a word may lie after IPv6 extension headers. */
  static boolean isBehindExtensions(int word) {
    return word >= IP_PROTOCOL && word <= TCP_FLAGS || word == ICMP;
  }

  /**
   * Writes the decoder.
   *
   * @param snapLengthBytes bytes of a frame that Flink will see
   * @param transport whether what lies after the IP header is needed
   */
  void write(int snapLengthBytes, boolean transport) {
    out.add(Bpf.LD_IMM, ABSENT);
    for (int word = OUTER_TPID; word <= TCP_FLAGS; word++) {
      out.add(Bpf.ST, word);
    }
    out.add(Bpf.ST, ICMP);
    out.add(Bpf.LD_IMM, 0).add(Bpf.ST, HEADER_END).add(Bpf.ST, DECLARED_END);
    length(snapLengthBytes);
    packetType();
    strippedTag();
    Label network = new Label();
    Label done = new Label();
    if (ethernet) {
      inlineTag();
      link(network, done);
    } else {
      rawIp(done);
    }
    out.place(network);
    network(transport, done);
    out.place(done);
  }

  private void length(int snapLengthBytes) {
    Label shorter = new Label();
    out.add(Bpf.LD_LEN, 0);
    Label longer = new Label();
    out.branch(Bpf.JGT_K, snapLengthBytes, longer, shorter);
    out.place(longer);
    out.add(Bpf.LD_IMM, snapLengthBytes);
    out.place(shorter);
    out.add(Bpf.ST, LENGTH);
    if (!ethernet) {
      out.add(Bpf.LD_IMM, 0);
    }
    out.add(Bpf.ST, ETHERNET_LENGTH);
  }

  /** Types of the kernel's own beyond OUTGOING count as for this host. */
  private void packetType() {
    Label known = new Label();
    Label own = new Label();
    out.add(Bpf.LD_B_ABS, Bpf.AD_OFF + Bpf.AD_PKTTYPE);
    out.branch(Bpf.JGT_K, OUTGOING, own, known);
    out.place(own);
    out.add(Bpf.LD_IMM, 0);
    out.place(known);
    out.add(Bpf.ST, PACKET_TYPE);
  }

  private void strippedTag() {
    Label none = new Label();
    out.add(Bpf.LD_B_ABS, Bpf.AD_OFF + Bpf.AD_VLAN_TAG_PRESENT);
    out.leaveIf(Bpf.JEQ_K, 0, none);
    out.add(Bpf.LD_H_ABS, Bpf.AD_OFF + Bpf.AD_VLAN_TAG).add(Bpf.ST, OUTER_TCI);
    out.add(Bpf.LD_H_ABS, Bpf.AD_OFF + Bpf.AD_VLAN_TPID).add(Bpf.ST, OUTER_TPID);
    out.place(none);
  }

  /** An outermost tag that was not taken off. */
  private void inlineTag() {
    Label none = new Label();
    Label tag = new Label();
    out.add(Bpf.LD_MEM, OUTER_TCI);
    out.require(Bpf.JEQ_K, ABSENT, none);
    requireLength(TYPE_AT + TAG_BYTES, none);
    out.add(Bpf.LD_H_ABS, TYPE_AT);
    leaveIfTag(tag);
    out.go(none);
    out.place(tag);
    out.add(Bpf.LD_H_ABS, TYPE_AT).add(Bpf.ST, OUTER_TPID);
    out.add(Bpf.LD_H_ABS, TYPE_AT + 2).add(Bpf.ST, OUTER_TCI);
    out.place(none);
  }

  private void leaveIfTag(Label tag) {
    out.leaveIf(Bpf.JEQ_K, EtherType.VLAN, tag);
    out.leaveIf(Bpf.JEQ_K, EtherType.QINQ, tag);
    out.leaveIf(Bpf.JEQ_K, EtherType.QINQ_OLD, tag);
  }

  private void requireLength(int bytes, Label otherwise) {
    out.add(Bpf.LD_MEM, LENGTH);
    out.require(Bpf.JGE_K, bytes, otherwise);
  }

  /** Walks over the tags among the frame's bytes to the type after them. */
  private void link(Label network, Label done) {
    requireLength(ETHERNET_BYTES, done);
    for (int tags = 0; tags <= MOST_TAGS; tags++) {
      int at = TYPE_AT + tags * TAG_BYTES;
      Label last = new Label();
      Label tag = new Label();
      Label next = new Label();
      if (tags < MOST_TAGS) {
        out.add(Bpf.LD_H_ABS, at);
        leaveIfTag(tag);
        out.go(last);
        out.place(tag);
        requireLength(at + 2 + TAG_BYTES, last);
        innerTag(tags, at + 2);
        out.go(next);
      }
      out.place(last);
      out.add(Bpf.LD_IMM, at + 2).add(Bpf.ST, NETWORK_OFFSET);
      out.add(Bpf.LD_H_ABS, at);
      out.require(Bpf.JGE_K, EtherType.FIRST, done);
      out.add(Bpf.ST, ETHER_TYPE);
      out.go(network);
      out.place(next);
    }
  }

  /** The second tag: the first one here where the outermost was taken off. */
  private void innerTag(int index, int at) {
    if (index > 1) {
      return;
    }
    Label other = new Label();
    out.add(Bpf.LD_B_ABS, Bpf.AD_OFF + Bpf.AD_VLAN_TAG_PRESENT);
    out.require(Bpf.JEQ_K, 1 - index, other);
    out.add(Bpf.LD_H_ABS, at).add(Bpf.ST, INNER_TCI);
    out.place(other);
  }

  private void rawIp(Label done) {
    Label v4 = new Label();
    Label v6 = new Label();
    Label end = new Label();
    requireLength(1, done);
    out.add(Bpf.LD_IMM, 0).add(Bpf.ST, NETWORK_OFFSET);
    out.add(Bpf.LD_B_ABS, 0).add(Bpf.RSH_K, 4);
    out.leaveIf(Bpf.JEQ_K, 4, v4);
    out.leaveIf(Bpf.JEQ_K, 6, v6);
    out.go(done);
    out.place(v4);
    out.add(Bpf.LD_IMM, EtherType.IPV4);
    out.go(end);
    out.place(v6);
    out.add(Bpf.LD_IMM, EtherType.IPV6);
    out.place(end);
    out.add(Bpf.ST, ETHER_TYPE);
  }

  private void network(boolean transport, Label done) {
    Label v4 = new Label();
    Label v6 = new Label();
    out.add(Bpf.LD_MEM, ETHER_TYPE);
    out.leaveIf(Bpf.JEQ_K, EtherType.IPV4, v4);
    out.leaveIf(Bpf.JEQ_K, EtherType.IPV6, v6);
    out.go(done);
    out.place(v4);
    ipv4(transport, done);
    out.go(done);
    out.place(v6);
    ipv6(transport, done);
  }

  /** X is the network header's offset from here on. */
  private void requireNetwork(int bytes, int version, Label done) {
    out.add(Bpf.LDX_MEM, NETWORK_OFFSET).add(Bpf.LD_MEM, LENGTH).add(Bpf.SUB_X, 0);
    // the offset is within the length, so this is not below 0
    out.require(Bpf.JGE_K, bytes, done);
    out.add(Bpf.LD_B_IND, 0).add(Bpf.RSH_K, 4);
    out.require(Bpf.JEQ_K, version, done);
  }

  private void ipv4(boolean transport, Label done) {
    requireNetwork(IPV4_BYTES, 4, done);
    out.add(Bpf.LD_B_IND, 0).add(Bpf.AND_K, 0xF).add(Bpf.LSH_K, 2);
    out.require(Bpf.JGE_K, IPV4_BYTES, done);
    out.add(Bpf.ST, HEADER_END);
    out.add(Bpf.LD_IMM, 4).add(Bpf.ST, IP_VERSION);
    out.add(Bpf.LD_B_IND, 9).add(Bpf.ST, IP_PROTOCOL);
    if (!transport) {
      return;
    }
    out.add(Bpf.LD_H_IND, 6);
    out.leaveIf(Bpf.JSET_K, FRAGMENT_OFFSET, done);
    out.add(Bpf.LD_H_IND, 2);
    transport(IpProtocol.ICMP, done);
  }

  private void ipv6(boolean transport, Label done) {
    requireNetwork(IPV6_BYTES, 6, done);
    out.add(Bpf.LD_IMM, 6).add(Bpf.ST, IP_VERSION);
    out.add(Bpf.LD_IMM, IPV6_BYTES).add(Bpf.ST, HEADER_END);
    if (!transport) {
      return;
    }
    out.add(Bpf.LD_B_IND, 6).add(Bpf.ST, IP_PROTOCOL);
    for (int extension : EXTENSIONS) {
      out.leaveIf(Bpf.JEQ_K, extension, undecided);
    }
    Label undeclared = new Label();
    out.add(Bpf.LD_H_IND, 4);
    out.leaveIf(Bpf.JEQ_K, 0, undeclared);
    out.add(Bpf.ADD_K, IPV6_BYTES);
    out.place(undeclared);
    transport(IpProtocol.ICMPV6, done);
  }

  /**
   * The accumulator has the bytes from the network header to the declared end, 0 if they are not
   * declared; X the network header's offset.
   */
  private void transport(int icmpProtocol, Label done) {
    Label declared = new Label();
    Label undeclared = new Label();
    Label known = new Label();
    Label captured = new Label();
    out.branch(Bpf.JEQ_K, 0, undeclared, declared);
    out.place(undeclared);
    out.add(Bpf.LD_MEM, LENGTH).add(Bpf.SUB_X, 0);
    out.go(known);
    out.place(declared);
    // not more than what was captured
    out.add(Bpf.ST, DECLARED_END);
    out.add(Bpf.LD_MEM, LENGTH).add(Bpf.SUB_X, 0);
    out.add(Bpf.LDX_MEM, DECLARED_END);
    Label less = new Label();
    out.branchX(Bpf.JGT_X, less, captured);
    out.place(less);
    out.add(Bpf.TXA, 0);
    out.place(captured);
    out.add(Bpf.LDX_MEM, NETWORK_OFFSET);
    out.place(known);
    // bytes of the transport header that are there: below 0 where the IP header is longer
    out.add(Bpf.LDX_MEM, HEADER_END);
    Label enough = new Label();
    out.branchX(Bpf.JGE_X, enough, done);
    out.place(enough);
    out.add(Bpf.SUB_X, 0).add(Bpf.ST, DECLARED_END);
    out.add(Bpf.LD_MEM, NETWORK_OFFSET).add(Bpf.ADD_X, 0).add(Bpf.TAX, 0);
    Label ports = new Label();
    out.add(Bpf.LD_MEM, IP_PROTOCOL);
    out.leaveIf(Bpf.JEQ_K, IpProtocol.TCP, ports);
    out.leaveIf(Bpf.JEQ_K, IpProtocol.UDP, ports);
    out.leaveIf(Bpf.JEQ_K, IpProtocol.SCTP, ports);
    out.require(Bpf.JEQ_K, icmpProtocol, done);
    out.add(Bpf.LD_MEM, DECLARED_END);
    out.require(Bpf.JGE_K, ICMP_BYTES, done);
    out.add(Bpf.LD_H_IND, 0).add(Bpf.ST, ICMP);
    out.go(done);
    out.place(ports);
    out.add(Bpf.LD_MEM, DECLARED_END);
    out.require(Bpf.JGE_K, PORTS_BYTES, done);
    out.add(Bpf.LD_H_IND, 0).add(Bpf.ST, SRC_PORT);
    out.add(Bpf.LD_H_IND, 2).add(Bpf.ST, DST_PORT);
    out.add(Bpf.LD_MEM, IP_PROTOCOL);
    out.require(Bpf.JEQ_K, IpProtocol.TCP, done);
    out.add(Bpf.LD_MEM, DECLARED_END);
    out.require(Bpf.JGE_K, TCP_BYTES, done);
    out.add(Bpf.LD_B_IND, 13).add(Bpf.ST, TCP_FLAGS);
    out.go(done);
  }
}
