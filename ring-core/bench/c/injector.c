/*
 * Puts Ethernet frames into an interface as if they had come in there, faster than a sender on a virtual wire can: the
 * kernel's BPF_PROG_TEST_RUN on live frames (Linux 5.18), with an XDP program that lets all through. They are not in
 * the interface's own counters.
 *
 *   injector INTERFACE FRAMES FRAMES_PER_SECOND FRAME_BYTES TAG
 *   injector INTERFACE FRAMES FRAMES_PER_SECOND UDP_FRAME FLOWS
 *
 * FRAME_BYTES is without the tag; TAG is TPID and TCI in hexadecimal digits, 0 for none. UDP_FRAME is the absolute path of
 * a file with one UDP frame; each frame gets one of FLOWS source addresses in its network of class A and a payload, both
 * random: frames of many flows that no compressor makes smaller. FRAMES_PER_SECOND is 0 for no limit. Prints the
 * nanoseconds that it took.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"

#define MAX_FRAME_BYTES 65536
#define BATCH 64
#define PAUSE_NANOS 1000000

/* In a frame of IPv4 without a tag. */
#define IP_SOURCE 26
#define UDP_PAYLOAD 42

/* A host that does not exist, so that the receiving kernel drops the frame right after the taps. */
static const uint8_t ADDRESSES[12] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02};

/* IEEE's EtherType for local experiments. */
#define ETHERTYPE 0x88B5

static size_t make_frame(uint8_t *frame, size_t bytes, uint32_t tag) {
  size_t at = sizeof ADDRESSES;
  memcpy(frame, ADDRESSES, at);
  if (tag != 0) {
    uint32_t wire = htonl(tag);
    memcpy(frame + at, &wire, 4);
    at += 4;
    bytes += 4;
  }
  uint16_t type = htons(ETHERTYPE);
  memcpy(frame + at, &type, 2);
  for (at += 2; at < bytes; at++) {
    frame[at] = (uint8_t)at;
  }
  return bytes;
}

static uint64_t nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

/* Knuth's, whose every product differs in all bytes that a compressor looks at. */
#define MULTIPLIER 0x5851F42D4C957F2D

/* For a frame of UDP: random bytes, eight at a time from one seed. Then, as for any frame, on its way. */
static int write_program(struct bpf_insn *program, size_t udp_bytes, uint32_t flows) {
  enum { SEED = BPF_REG_0, END = BPF_REG_2, FRAME_END = BPF_REG_3, FRAME = BPF_REG_6, FACTOR = BPF_REG_7 };
  struct bpf_insn *at = program;
  if (udp_bytes != 0) {
    size_t steps = (udp_bytes - UDP_PAYLOAD) / 8;
    struct bpf_insn head[] = {
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = FRAME, .src_reg = BPF_REG_1,
         .off = offsetof(struct xdp_md, data)},
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = END, .src_reg = BPF_REG_1,
         .off = offsetof(struct xdp_md, data_end)},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = FRAME_END, .src_reg = FRAME},
        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = FRAME_END, .imm = (int)udp_bytes},
        /* never taken: the verifier is shown that the frame is as long as it is */
        {.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = FRAME_END, .src_reg = END, .off = (int16_t)(9 + 3 * steps)},
        {.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = FACTOR, .imm = (int)(MULTIPLIER & 0xFFFFFFFF)},
        {.imm = (int)(MULTIPLIER >> 32)},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_prandom_u32},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = SEED},
        {.code = BPF_ALU64 | BPF_MOD | BPF_K, .dst_reg = BPF_REG_1, .imm = (int)flows},
        {.code = BPF_STX | BPF_MEM | BPF_H, .dst_reg = FRAME, .src_reg = BPF_REG_1, .off = IP_SOURCE + 1},
        {.code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = BPF_REG_1, .imm = 16},
        {.code = BPF_STX | BPF_MEM | BPF_B, .dst_reg = FRAME, .src_reg = BPF_REG_1, .off = IP_SOURCE + 3},
        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = SEED, .imm = 1},
    };
    memcpy(at, head, sizeof head);
    at += sizeof head / sizeof *head;
    for (size_t step = 0; step < steps; step++) {
      struct bpf_insn write[] = {
          {.code = BPF_ALU64 | BPF_MUL | BPF_X, .dst_reg = SEED, .src_reg = FACTOR},
          {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = SEED, .imm = 0x14057B7F},
          {.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = FRAME, .src_reg = SEED,
           .off = (int16_t)(UDP_PAYLOAD + 8 * step)},
      };
      memcpy(at, write, sizeof write);
      at += sizeof write / sizeof *write;
    }
  }
  struct bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT},
  };
  memcpy(at, pass, sizeof pass);
  return (int)(at - program) + 2;
}

static int load(size_t udp_bytes, uint32_t flows) {
  static struct bpf_insn program[MAX_FRAME_BYTES];
  union bpf_attr attributes = {
      .prog_type = BPF_PROG_TYPE_XDP,
      .insns = (uintptr_t)program,
      .insn_cnt = (uint32_t)write_program(program, udp_bytes, flows),
      .license = (uintptr_t) "GPL",
      .prog_flags = BPF_F_XDP_HAS_FRAGS, /* whatever the MTU is */
  };
  int loaded = bpf(BPF_PROG_LOAD, &attributes);
  if (loaded < 0) {
    fail("BPF_PROG_LOAD");
  }
  return loaded;
}

/* Frames come in only on an interface that has an XDP program; it has this one until the process ends. */
static void attach(int program, unsigned interface) {
  union bpf_attr attributes = {
      .link_create = {.prog_fd = (uint32_t)program, .target_ifindex = interface, .attach_type = BPF_XDP}};
  if (bpf(BPF_LINK_CREATE, &attributes) < 0) {
    fail("BPF_LINK_CREATE");
  }
}

static size_t read_frame(const char *path, uint8_t *frame) {
  FILE *file = fopen(path, "rb");
  size_t bytes = file == NULL ? 0 : fread(frame, 1, MAX_FRAME_BYTES, file);
  if (bytes < UDP_PAYLOAD) {
    fail(path);
  }
  fclose(file);
  return bytes;
}

/* Frames that are due by now, at most those that are left. */
static uint64_t due(uint64_t start, uint64_t frames, uint64_t per_second) {
  if (per_second == 0) {
    return frames;
  }
  uint64_t count = (uint64_t)((double)(nanos() - start) * 1e-9 * (double)per_second) + 1;
  return count < frames ? count : frames;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: injector INTERFACE FRAMES FRAMES_PER_SECOND FRAME_BYTES TAG | UDP_FRAME FLOWS\n");
    return 2;
  }
  unsigned interface = if_nametoindex(arguments[1]);
  uint64_t frames = strtoull(arguments[2], NULL, 10);
  uint64_t per_second = strtoull(arguments[3], NULL, 10);
  static uint8_t frame[MAX_FRAME_BYTES + 4];
  int udp = arguments[4][0] == '/';
  size_t bytes = udp ? read_frame(arguments[4], frame)
                     : make_frame(frame, strtoul(arguments[4], NULL, 10), (uint32_t)strtoul(arguments[5], NULL, 16));
  int program = load(udp ? bytes : 0, (uint32_t)strtoul(arguments[5], NULL, 10));
  attach(program, interface);

  struct xdp_md context = {.data_end = (uint32_t)bytes, .ingress_ifindex = interface};
  union bpf_attr attributes = {
      .test = {
          .prog_fd = (uint32_t)program,
          .data_in = (uintptr_t)frame,
          .data_size_in = (uint32_t)bytes,
          .ctx_in = (uintptr_t)&context,
          .ctx_size_in = sizeof context,
          .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
          .batch_size = BATCH,
      }};
  uint64_t start = nanos();
  uint64_t sent = 0;
  while (sent < frames) {
    uint64_t next = due(start, frames, per_second);
    if (next == sent) {
      nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOS}, NULL);
      continue;
    }
    attributes.test.repeat = (uint32_t)(next - sent);
    if (bpf(BPF_PROG_TEST_RUN, &attributes) < 0) {
      fail("BPF_PROG_TEST_RUN");
    }
    sent = next;
  }
  printf("%" PRIu64 "\n", nanos() - start);
  return 0;
}
