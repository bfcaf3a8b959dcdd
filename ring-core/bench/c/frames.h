/*
 * The loops over a TPACKET_V3 block that Ringtap is measured beside, as one would write them in C. They do for each
 * frame what Ringtap's do: Block and Frame walk the headers, PacketEncoder writes Packet.avsc's fields.
 */
#ifndef RINGTAP_FRAMES_H
#define RINGTAP_FRAMES_H

#include <linux/if_packet.h>
#include <stdint.h>
#include <string.h>

#define ETHERTYPE_AT 12
#define TAG_BYTES 4

static inline struct tpacket3_hdr *first_frame(struct tpacket_block_desc *block) {
  return (struct tpacket3_hdr *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
}

static inline struct tpacket3_hdr *next_frame(struct tpacket3_hdr *frame) {
  return (struct tpacket3_hdr *)((uint8_t *)frame + frame->tp_next_offset);
}

/* The tag that was taken off, TPID in the upper and TCI in the lower 16 bits, or 0: libpcap's VLAN_VALID and VLAN_TPID. */
static inline uint32_t stripped_tag(const struct tpacket3_hdr *frame) {
  if (frame->hv1.tp_vlan_tci == 0 && !(frame->tp_status & TP_STATUS_VLAN_VALID)) {
    return 0;
  }
  uint32_t tpid = frame->hv1.tp_vlan_tpid;
  if (tpid == 0 && !(frame->tp_status & TP_STATUS_VLAN_TPID_VALID)) {
    tpid = 0x8100;
  }
  return tpid << 16 | (frame->hv1.tp_vlan_tci & 0xffff);
}

static inline uint64_t nanos(const struct tpacket3_hdr *frame) {
  return (uint64_t)frame->tp_sec * 1000000000u + frame->tp_nsec;
}

/* Timestamp and both lengths of each frame, summed up so that the compiler keeps them. */
static inline uint64_t walk_block(struct tpacket_block_desc *block) {
  uint64_t sum = 0;
  struct tpacket3_hdr *frame = first_frame(block);
  for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--, frame = next_frame(frame)) {
    uint32_t back = stripped_tag(frame) ? TAG_BYTES : 0;
    sum += nanos(frame) + (frame->tp_snaplen + back) + (frame->tp_len + back);
  }
  return sum;
}

/* Avro's int and long: zig-zag, then seven bits a byte, lowest first. */
static inline uint8_t *put_long(uint8_t *to, int64_t value) {
  uint64_t left = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
  while (left >= 0x80) {
    *to++ = (uint8_t)(left | 0x80);
    left >>= 7;
  }
  *to++ = (uint8_t)left;
  return to;
}

/* A time in nanoseconds has nine such bytes, from 1971 to 2116: eight are made at once. */
static inline uint8_t *put_nanos(uint8_t *to, uint64_t nanos) {
  uint64_t left = nanos << 1;
  uint64_t spread = (left & 0x000000000fffffff) | (left & 0x00fffffff0000000) << 4;
  spread = (spread & 0x00003fff00003fff) | (spread & 0x0fffc0000fffc000) << 2;
  spread = (spread & 0x007f007f007f007f) | (spread & 0x3f803f803f803f80) << 1;
  spread |= 0x8080808080808080;
  memcpy(to, &spread, sizeof spread);
  to[8] = (uint8_t)(left >> 56);
  return to + 9;
}

/* The fields after lostBefore repeat from frame to frame: what they are made of, and their bytes. */
struct tail {
  uint32_t snaplen, len, stripped, inside, flags;
  uint32_t packet_type;
  uint32_t put_back; /* bytes of the tag that goes back into the payload */
  uint32_t byte_count;
  uint8_t bytes[32];
};

#define START_ROOM 64

struct encoder {
  uint8_t start[START_ROOM]; /* C3 01, the schema's fingerprint, host, interfaceName, captureStart, member */
  uint32_t start_bytes;
  uint64_t sequence;
  uint64_t lost_before; /* for the block's first frame */
  struct tail tail;     /* zeroed before the first block */
};

/* CLoops.java has room for that much. */
_Static_assert(sizeof(struct encoder) <= 256, "struct encoder has grown");

/* Bit 0 the card's clock, 1 checksums not filled in, 2 merged segments. */
static inline uint32_t flags_of(uint32_t status) {
  return (status & TP_STATUS_TS_RAW_HARDWARE) >> 31 | (status & TP_STATUS_CSUMNOTREADY) >> 2 |
         (status & 0x100 /* TP_STATUS_GSO_TCP, Linux 6.2 */) >> 6;
}

/* originalLength, linkType, packetType, flags, vlan and the payload's length */
static inline void make_tail(struct tail *tail) {
  tail->put_back = tail->stripped && tail->snaplen >= ETHERTYPE_AT ? TAG_BYTES : 0;
  uint32_t tag = tail->stripped ? tail->stripped : tail->inside;
  uint8_t *to = put_long(tail->bytes, tail->len + tail->put_back);
  to = put_long(to, 1); /* LINKTYPE_ETHERNET */
  to = put_long(to, tail->packet_type);
  to = put_long(to, tail->flags);
  if (tag) {
    to = put_long(to, 1);
    to = put_long(to, tag >> 16);
    to = put_long(to, tag & 0x0fff);
    to = put_long(to, tag >> 13 & 7);
    *to++ = tag >> 12 & 1;
  } else {
    *to++ = 0;
  }
  to = put_long(to, tail->snaplen + tail->put_back);
  tail->byte_count = (uint32_t)(to - tail->bytes);
}

/* A tag that is in the frame, or 0. */
static inline uint32_t inside_tag(const uint8_t *data, uint32_t length) {
  if (length < ETHERTYPE_AT + TAG_BYTES) {
    return 0;
  }
  uint32_t inside;
  memcpy(&inside, data + ETHERTYPE_AT, sizeof inside);
  inside = __builtin_bswap32(inside);
  uint32_t tpid = inside >> 16;
  return tpid == 0x8100 || tpid == 0x88a8 || tpid == 0x9100 ? inside : 0;
}

/*
 * A record of Packet.avsc for each frame, back to back. Returns the first byte after them; up to 64 more are written
 * to, since copies of a fixed length are cheapest.
 */
static inline uint8_t *encode_block(struct encoder *encoder, struct tpacket_block_desc *block, uint8_t *to) {
  struct tail *tail = &encoder->tail;
  struct tpacket3_hdr *frame = first_frame(block);
  uint64_t lost = encoder->lost_before;
  for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--, frame = next_frame(frame)) {
    const struct sockaddr_ll *address =
        (const struct sockaddr_ll *)((uint8_t *)frame + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
    const uint8_t *data = (uint8_t *)frame + frame->tp_mac;
    uint32_t length = frame->tp_snaplen;
    uint32_t stripped = stripped_tag(frame);
    uint32_t inside = stripped ? 0 : inside_tag(data, length);
    uint32_t flags = flags_of(frame->tp_status);
    if (length != tail->snaplen || frame->tp_len != tail->len || stripped != tail->stripped ||
        inside != tail->inside || address->sll_pkttype != tail->packet_type || flags != tail->flags ||
        tail->byte_count == 0) {
      tail->snaplen = length;
      tail->len = frame->tp_len;
      tail->stripped = stripped;
      tail->inside = inside;
      tail->packet_type = address->sll_pkttype;
      tail->flags = flags;
      make_tail(tail);
    }
    memcpy(to, encoder->start, sizeof encoder->start);
    to = put_nanos(to + encoder->start_bytes, nanos(frame));
    to = put_long(to, (int64_t)encoder->sequence++);
    to = put_long(to, (int64_t)lost);
    lost = 0;
    memcpy(to, tail->bytes, sizeof tail->bytes);
    to += tail->byte_count;
    if (tail->put_back) {
      uint32_t wire = __builtin_bswap32(stripped);
      memcpy(to, data, ETHERTYPE_AT);
      memcpy(to + ETHERTYPE_AT, &wire, sizeof wire);
      memcpy(to + ETHERTYPE_AT + TAG_BYTES, data + ETHERTYPE_AT, length - ETHERTYPE_AT);
    } else {
      memcpy(to, data, length);
    }
    to += length + tail->put_back;
  }
  return to;
}

#endif
