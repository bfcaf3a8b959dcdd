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

struct encoder {
  uint8_t header[10]; /* C3 01 and the schema's fingerprint */
  uint8_t name[64];   /* the interface's name as Avro has it, its length before it */
  uint32_t name_bytes;
  uint64_t sequence;
  uint64_t lost_before; /* for the block's first frame */
};

/* A record of Packet.avsc for each frame, one behind the other. Returns the first byte behind them. */
static inline uint8_t *encode_block(struct encoder *encoder, struct tpacket_block_desc *block, uint8_t *to) {
  struct tpacket3_hdr *frame = first_frame(block);
  uint64_t lost = encoder->lost_before;
  for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--, frame = next_frame(frame)) {
    const struct sockaddr_ll *address =
        (const struct sockaddr_ll *)((uint8_t *)frame + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
    const uint8_t *data = (uint8_t *)frame + frame->tp_mac;
    uint32_t length = frame->tp_snaplen;
    uint32_t stripped = stripped_tag(frame);
    uint32_t back = stripped && length >= ETHERTYPE_AT ? TAG_BYTES : 0;
    uint32_t tag = stripped;
    if (!tag && length >= ETHERTYPE_AT + TAG_BYTES) {
      uint32_t inside = (uint32_t)data[12] << 24 | data[13] << 16 | data[14] << 8 | data[15];
      uint32_t tpid = inside >> 16;
      tag = tpid == 0x8100 || tpid == 0x88a8 || tpid == 0x9100 ? inside : 0;
    }
    memcpy(to, encoder->header, sizeof encoder->header);
    to = put_long(to + sizeof encoder->header, (int64_t)nanos(frame));
    memcpy(to, encoder->name, encoder->name_bytes);
    to = put_long(to + encoder->name_bytes, (int64_t)encoder->sequence++);
    to = put_long(to, (int64_t)lost);
    lost = 0;
    to = put_long(to, 0); /* member */
    to = put_long(to, frame->tp_len + back);
    to = put_long(to, 1); /* LINKTYPE_ETHERNET */
    to = put_long(to, address->sll_pkttype);
    if (tag) {
      to = put_long(to, 1);
      to = put_long(to, tag >> 16);
      to = put_long(to, tag & 0x0fff);
      to = put_long(to, tag >> 13 & 7);
      *to++ = tag >> 12 & 1;
    } else {
      *to++ = 0;
    }
    to = put_long(to, length + back);
    if (back) {
      memcpy(to, data, ETHERTYPE_AT);
      uint32_t wire = __builtin_bswap32(stripped);
      memcpy(to + ETHERTYPE_AT, &wire, sizeof wire);
      memcpy(to + ETHERTYPE_AT + TAG_BYTES, data + ETHERTYPE_AT, length - ETHERTYPE_AT);
    } else {
      memcpy(to, data, length);
    }
    to += length + back;
  }
  return to;
}

#endif
