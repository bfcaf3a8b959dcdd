package dev.ringtap.capture;

/** How a fanout group chooses the member that gets a frame. In the kernel's order, packet(7). */
public enum FanoutMode {
  /** By flow: all frames of a conversation, both directions, go to one member. */
  HASH,
  /** In turn. */
  LB,
  /** By the processor that received the frame. */
  CPU,
  /** To the first member; when its ring is full, to the next one. */
  ROLLOVER,
  /** At random. */
  RND,
  /** By the receive queue of the network card. */
  QM,
  /** By a classic BPF program, whose result modulo the number of members is the member. */
  CBPF,
  /** By an eBPF program, in the same way. */
  EBPF
}
