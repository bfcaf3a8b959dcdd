/* A packet socket with a TPACKET_V3 ring, read block by block; made for one reader and one that asks for drops. */
#ifndef RINGTAP_RING_H
#define RINGTAP_RING_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "fail.h"
#include "ring_size.h"

struct ring {
  int socket;
  uint8_t *memory;
  unsigned next;            /* the block to come */
  _Atomic uint64_t dropped; /* frames, as of the last look */
};

/* All frames of the interface come in from now on. */
static inline void ring_open(struct ring *ring, const char *interface) {
  /* protocol 0: no frames of other interfaces before it is bound */
  ring->socket = socket(AF_PACKET, SOCK_RAW, 0);
  if (ring->socket < 0) {
    fail("socket");
  }
  int version = TPACKET_V3;
  if (setsockopt(ring->socket, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0) {
    fail("PACKET_VERSION");
  }
  struct tpacket_req3 request = {
      .tp_block_size = RING_BLOCK_BYTES,
      .tp_block_nr = RING_BLOCKS,
      .tp_frame_size = 2048, /* of no meaning in TPACKET_V3, but checked */
      .tp_frame_nr = RING_BLOCK_BYTES / 2048 * RING_BLOCKS,
      .tp_retire_blk_tov = RETIRE_TIMEOUT_MILLIS,
  };
  if (setsockopt(ring->socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0) {
    fail("PACKET_RX_RING");
  }
  size_t bytes = (size_t)RING_BLOCK_BYTES * RING_BLOCKS;
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->socket, 0);
  if (memory == MAP_FAILED) {
    fail("mmap");
  }
  ring->memory = memory;
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface)};
  if (bind(ring->socket, (struct sockaddr *)&address, sizeof address) < 0) {
    fail("bind");
  }
}

/* Waits for the next block. */
static inline struct tpacket_block_desc *ring_take(struct ring *ring) {
  struct tpacket_block_desc *block =
      (struct tpacket_block_desc *)(ring->memory + (size_t)ring->next * RING_BLOCK_BYTES);
  while (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
    struct pollfd readable = {.fd = ring->socket, .events = POLLIN | POLLERR};
    poll(&readable, 1, -1);
  }
  ring->next = (ring->next + 1) % RING_BLOCKS;
  return block;
}

/* Gives a block back to the kernel. */
static inline void ring_give_back(struct tpacket_block_desc *block) {
  __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

/* Frames dropped since the ring was opened. The kernel's counter begins anew with each look; any thread may look. */
static inline uint64_t ring_dropped(void *opened) {
  struct ring *ring = opened;
  struct tpacket_stats_v3 since_last_look;
  socklen_t length = sizeof since_last_look;
  if (getsockopt(ring->socket, SOL_PACKET, PACKET_STATISTICS, &since_last_look, &length) < 0) {
    fail("PACKET_STATISTICS");
  }
  return atomic_fetch_add(&ring->dropped, since_last_look.tp_drops) + since_last_look.tp_drops;
}

#endif
