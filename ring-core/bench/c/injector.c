/*
 * Puts Ethernet frames into an interface as if they had come in there, faster than a sender on a virtual wire can: the
 * kernel's BPF_PROG_TEST_RUN on live frames (Linux 5.18), with an XDP program that lets all through. They are not in
 * the interface's own counters.
 *
 *   injector INTERFACE FRAME_BYTES TAG FRAMES
 *
 * The arguments are the generator's. Prints the nanoseconds that it took.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "traffic.h"

#define BATCH 64

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int load(void) {
  struct bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr attributes = {
      .prog_type = BPF_PROG_TYPE_XDP,
      .insns = (uintptr_t)pass,
      .insn_cnt = sizeof pass / sizeof *pass,
      .license = (uintptr_t) "GPL",
      .prog_flags = BPF_F_XDP_HAS_FRAGS, /* whatever the MTU is */
  };
  int program = bpf(BPF_PROG_LOAD, &attributes);
  if (program < 0) {
    fail("BPF_PROG_LOAD");
  }
  return program;
}

/* Frames come in only on an interface that has an XDP program; it has this one until the process ends. */
static void attach(int program, unsigned interface) {
  union bpf_attr attributes = {
      .link_create = {.prog_fd = (uint32_t)program, .target_ifindex = interface, .attach_type = BPF_XDP}};
  if (bpf(BPF_LINK_CREATE, &attributes) < 0) {
    fail("BPF_LINK_CREATE");
  }
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: injector INTERFACE FRAME_BYTES TAG FRAMES\n");
    return 2;
  }
  unsigned interface = if_nametoindex(arguments[1]);
  static uint8_t frame[MAX_FRAME_BYTES + 4];
  size_t bytes = make_frame(frame, strtoul(arguments[2], NULL, 10), (uint32_t)strtoul(arguments[3], NULL, 16));
  int program = load();
  attach(program, interface);

  struct xdp_md context = {.data_end = (uint32_t)bytes, .ingress_ifindex = interface};
  union bpf_attr attributes = {
      .test = {
          .prog_fd = (uint32_t)program,
          .data_in = (uintptr_t)frame,
          .data_size_in = (uint32_t)bytes,
          .ctx_in = (uintptr_t)&context,
          .ctx_size_in = sizeof context,
          .repeat = (uint32_t)strtoul(arguments[4], NULL, 10),
          .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
          .batch_size = BATCH,
      }};
  uint64_t start = nanos();
  if (bpf(BPF_PROG_TEST_RUN, &attributes) < 0) {
    fail("BPF_PROG_TEST_RUN");
  }
  printf("%" PRIu64 "\n", nanos() - start);
  return 0;
}
