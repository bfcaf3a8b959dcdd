/*
 * Sends Ethernet frames as fast as one core can, or at a rate.
 *
 *   generator INTERFACE FRAME_BYTES TAG FRAMES FRAMES_PER_SECOND
 *
 * TAG is a VLAN tag as on the wire, TPID and TCI as hexadecimal digits, which makes the frame 4 bytes longer; 0 for
 * none. FRAMES_PER_SECOND is 0 for no limit. Prints the nanoseconds that sending took.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "fail.h"

#define BATCH 64
#define MAX_FRAME_BYTES 65536

/* A host that does not exist, so that the receiving kernel drops the frame right behind the taps. */
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

static int open_sender(const char *interface) {
  int sender = socket(AF_PACKET, SOCK_RAW, 0);
  if (sender < 0) {
    fail("socket");
  }
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
  if (bind(sender, (struct sockaddr *)&address, sizeof address) < 0) {
    fail("bind");
  }
  int on = 1;
  if (setsockopt(sender, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0) {
    fail("PACKET_QDISC_BYPASS");
  }
  return sender;
}

static uint64_t nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: generator INTERFACE FRAME_BYTES TAG FRAMES FRAMES_PER_SECOND\n");
    return 2;
  }
  int sender = open_sender(arguments[1]);
  static uint8_t frame[MAX_FRAME_BYTES + 4];
  size_t bytes = make_frame(frame, strtoul(arguments[2], NULL, 10), (uint32_t)strtoul(arguments[3], NULL, 16));
  uint64_t frames = strtoull(arguments[4], NULL, 10);
  uint64_t per_second = strtoull(arguments[5], NULL, 10);

  struct iovec vector = {.iov_base = frame, .iov_len = bytes};
  struct mmsghdr batch[BATCH];
  memset(batch, 0, sizeof batch);
  for (int i = 0; i < BATCH; i++) {
    batch[i].msg_hdr.msg_iov = &vector;
    batch[i].msg_hdr.msg_iovlen = 1;
  }

  uint64_t start = nanos();
  uint64_t sent = 0;
  while (sent < frames) {
    while (per_second != 0 && nanos() - start < sent * 1000000000 / per_second) {
    }
    uint64_t left = frames - sent;
    int now = sendmmsg(sender, batch, left < BATCH ? (unsigned)left : BATCH, 0);
    if (now < 0 && errno != ENOBUFS && errno != EINTR) {
      fail("sendmmsg");
    }
    if (now > 0) {
      sent += (uint64_t)now;
    }
  }
  printf("%" PRIu64 "\n", nanos() - start);
  return 0;
}
