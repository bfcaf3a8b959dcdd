/*
 * Sends Ethernet frames as fast as one core can, or at a rate.
 *
 *   generator INTERFACE FRAME_BYTES TAG FRAMES FRAMES_PER_SECOND
 *
 * TAG is a VLAN tag as on the wire, TPID and TCI as hexadecimal digits, which makes the frame 4 bytes longer; 0 for
 * none. FRAMES_PER_SECOND is 0 for no limit. Prints the nanoseconds that sending took.
 */
#define _GNU_SOURCE
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

#include "fail.h"
#include "traffic.h"

#define BATCH 64
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
