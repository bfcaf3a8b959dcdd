/*
 * Encodes each frame of the ring as an Avro record, a block's records back to back in one buffer.
 *
 *   ring_avro INTERFACE START        of live traffic
 *   ring_avro INTERFACE START FILE   of the one block in a file, to standard output
 *
 * START is what all records begin with, in hexadecimal digits.
 */
#include "frames.h"
#include "marks.h"
#include "ring.h"

/* A frame's headers in the block are longer than a record's other fields: twice the block has room for its records. */
static uint8_t records[2 * RING_BLOCK_BYTES];

static struct encoder encoder;

static void start_encoder(const char *start) {
  size_t bytes = strlen(start) / 2;
  if (bytes > sizeof encoder.start) {
    fprintf(stderr, "%s: longer than %d bytes\n", start, START_ROOM);
    exit(2);
  }
  for (size_t i = 0; i < bytes; i++) {
    unsigned byte;
    if (sscanf(start + 2 * i, "%2x", &byte) != 1) {
      fprintf(stderr, "%s: not hexadecimal\n", start);
      exit(2);
    }
    encoder.start[i] = (uint8_t)byte;
  }
  encoder.start_bytes = (uint32_t)bytes;
}

static void encode(void *opened) {
  struct ring *ring = opened;
  uint64_t known_dropped = 0;
  for (;;) {
    struct tpacket_block_desc *block = ring_take(ring);
    encoder.lost_before = 0;
    if (block->hdr.bh1.block_status & TP_STATUS_LOSING) {
      uint64_t dropped = ring_dropped(ring);
      encoder.lost_before = dropped - known_dropped;
      known_dropped = dropped;
    }
    uint8_t *end = encode_block(&encoder, block, records);
    uint32_t frames = block->hdr.bh1.num_pkts;
    ring_give_back(block);
    count(frames, (uint64_t)(end - records));
  }
}

static int encode_file(const char *path) {
  static _Alignas(8) uint8_t block[RING_BLOCK_BYTES];
  FILE *file = fopen(path, "rb");
  if (file == NULL || fread(block, 1, sizeof block, file) == 0) {
    fail(path);
  }
  uint8_t *end = encode_block(&encoder, (struct tpacket_block_desc *)block, records);
  size_t bytes = (size_t)(end - records);
  return fwrite(records, 1, bytes, stdout) == bytes && fclose(stdout) == 0 ? 0 : 1;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 3 && argument_count != 4) {
    fprintf(stderr, "usage: ring_avro INTERFACE START [FILE]\n");
    return 2;
  }
  start_encoder(arguments[2]);
  if (argument_count == 4) {
    return encode_file(arguments[3]);
  }
  static struct ring ring;
  ring_open(&ring, arguments[1]);
  return read_and_answer((struct reader){encode, ring_dropped, &ring});
}
