package dev.ringtap.filter;

import dev.ringtap.filter.BpfProgram.Instruction;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds BPF that refuses the TCP frames from and to certain endpoints, so that a capture does not
 * ship its own connections.
 *
 * <p>It knows IP on any link. A VLAN tag that the kernel keeps beside the frame does not matter;
 * one that is still inside (some frames on their way out) hides the connection from it. A load
 * after the end of a frame would end the program and refuse the frame, so lengths are tested first.
 */
public final class TcpEndpointFilter {
  /** Not a place in the frame but the kernel's own field. */
  private static final int ETHERTYPE_AT = Bpf.AD_OFF + Bpf.AD_PROTOCOL;

  private static final int ETHERTYPE_IPV4 = 0x0800;
  private static final int ETHERTYPE_IPV6 = 0x86DD;
  private static final int IPPROTO_TCP = 6;
  private static final int FRAGMENT_OFFSET_MASK = 0x1fff;

  /** The network layer, wherever it begins. */
  private static final int IP = Bpf.NET_OFF;

  private static final int IPV6_HEADER_BYTES = 40;
  private static final int TCP_HEADER_BYTES = 20;

  /** Longer IPv4 headers would need a second length test; no TCP stack sends them. */
  private static final int IPV4_HEADER_LIMIT_BYTES = 36;

  private final List<Instruction> program = new ArrayList<>();

  /** Jumps to the end of the section that is being built, set once its end is known. */
  private final List<Integer> leaves = new ArrayList<>();

  private final int linkHeaderBytes;

  private TcpEndpointFilter(int linkHeaderBytes) {
    this.linkHeaderBytes = linkHeaderBytes;
  }

  /**
   * A program that refuses TCP frames whose source or destination is one of the endpoints and lets
   * another program decide on the rest.
   *
   * @param endpoints resolved addresses with ports
   * @param linkHeaderBytes bytes before the network layer in what the kernel runs the program on:
   *     14 for Ethernet, 0 for raw IP and for cooked captures
   * @throws IllegalArgumentException if the result is longer than the kernel takes
   */
  public static BpfProgram refuse(
      List<InetSocketAddress> endpoints, int linkHeaderBytes, BpfProgram rest) {
    TcpEndpointFilter filter = new TcpEndpointFilter(linkHeaderBytes);
    for (InetSocketAddress endpoint : endpoints) {
      if (endpoint.getAddress() instanceof Inet4Address) {
        filter.refuseIpv4(endpoint);
      } else {
        filter.refuseIpv6(endpoint);
      }
    }
    // the other program begins as the kernel starts one, with both registers at 0
    filter.add(Bpf.LD_IMM, 0, 0, 0);
    filter.add(Bpf.LDX_IMM, 0, 0, 0);
    filter.program.addAll(rest.instructions());
    return new BpfProgram(filter.program);
  }

  private void refuseIpv4(InetSocketAddress endpoint) {
    unless(Bpf.LD_LEN, 0, Bpf.JGE_K, linkHeaderBytes + IPV4_HEADER_LIMIT_BYTES + 4);
    unless(Bpf.LD_H_ABS, ETHERTYPE_AT, Bpf.JEQ_K, ETHERTYPE_IPV4);
    unless(Bpf.LD_B_ABS, IP + 9, Bpf.JEQ_K, IPPROTO_TCP);
    when(Bpf.LD_H_ABS, IP + 6, Bpf.JSET_K, FRAGMENT_OFFSET_MASK);
    add(Bpf.LDX_B_MSH, 0, 0, IP);
    when(Bpf.TXA, 0, Bpf.JGT_K, IPV4_HEADER_LIMIT_BYTES);
    int[] address = words(endpoint);
    refuseWhen(IP + 12, address, Bpf.LD_H_IND, IP, endpoint.getPort());
    refuseWhen(IP + 16, address, Bpf.LD_H_IND, IP + 2, endpoint.getPort());
    endSection();
  }

  private void refuseIpv6(InetSocketAddress endpoint) {
    int tcp = IP + IPV6_HEADER_BYTES;
    unless(Bpf.LD_LEN, 0, Bpf.JGE_K, linkHeaderBytes + IPV6_HEADER_BYTES + TCP_HEADER_BYTES);
    unless(Bpf.LD_H_ABS, ETHERTYPE_AT, Bpf.JEQ_K, ETHERTYPE_IPV6);
    unless(Bpf.LD_B_ABS, IP + 6, Bpf.JEQ_K, IPPROTO_TCP);
    int[] address = words(endpoint);
    refuseWhen(IP + 8, address, Bpf.LD_H_ABS, tcp, endpoint.getPort());
    refuseWhen(IP + 24, address, Bpf.LD_H_ABS, tcp + 2, endpoint.getPort());
    endSection();
  }

  /** Leaves the section unless the comparison holds. */
  private void unless(int load, int at, int jump, int value) {
    add(load, 0, 0, at);
    add(jump, 1, 0, value);
    leave();
  }

  /** Leaves the section if the comparison holds. */
  private void when(int load, int at, int jump, int value) {
    add(load, 0, 0, at);
    add(jump, 0, 1, value);
    leave();
  }

  /** Refuses the frame if the address at this place and the port are equal, otherwise goes on. */
  private void refuseWhen(int addressAt, int[] address, int loadPort, int portAt, int port) {
    int end = program.size() + 2 * address.length + 3;
    for (int i = 0; i < address.length; i++) {
      add(Bpf.LD_W_ABS, 0, 0, addressAt + 4 * i);
      add(Bpf.JEQ_K, 0, end - program.size() - 1, address[i]);
    }
    add(loadPort, 0, 0, portAt);
    add(Bpf.JEQ_K, 0, 1, port);
    program.add(BpfProgram.ret(0));
  }

  private void leave() {
    leaves.add(program.size());
    add(Bpf.JA, 0, 0, 0);
  }

  private void endSection() {
    for (int at : leaves) {
      program.set(at, new Instruction(Bpf.JA, 0, 0, program.size() - at - 1));
    }
    leaves.clear();
  }

  private void add(int code, int jt, int jf, int k) {
    program.add(new Instruction(code, jt, jf, k));
  }

  private static int[] words(InetSocketAddress endpoint) {
    byte[] bytes = endpoint.getAddress().getAddress();
    int[] words = new int[bytes.length / 4];
    for (int i = 0; i < bytes.length; i++) {
      words[i / 4] = words[i / 4] << 8 | bytes[i] & 0xFF;
    }
    return words;
  }
}
