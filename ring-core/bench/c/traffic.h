/* The frames that generator and injector send, and the clock that they tell of. */
#ifndef RINGTAP_TRAFFIC_H
#define RINGTAP_TRAFFIC_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define MAX_FRAME_BYTES 65536

/* A host that does not exist, so that the receiving kernel drops the frame right behind the taps. */
static const uint8_t ADDRESSES[12] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02};

/* IEEE's EtherType for local experiments. */
#define ETHERTYPE 0x88B5

static inline size_t make_frame(uint8_t *frame, size_t bytes, uint32_t tag) {
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

static inline uint64_t nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
