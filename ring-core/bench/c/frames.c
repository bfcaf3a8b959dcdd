/* frames.h for callers from Java: the benchmark of blocks in memory. */
#include "frames.h"

uint64_t c_walk(struct tpacket_block_desc *block) { return walk_block(block); }

uint64_t c_encode(struct encoder *encoder, struct tpacket_block_desc *block, uint8_t *to) {
  return (uint64_t)(encode_block(encoder, block, to) - to);
}
