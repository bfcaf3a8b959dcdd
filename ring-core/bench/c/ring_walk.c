/* The least that a reader of the ring can do: looks at each frame's time and lengths. ring_walk INTERFACE */
#include "frames.h"
#include "marks.h"
#include "ring.h"

static void walk(void *opened) {
  for (;;) {
    struct tpacket_block_desc *block = ring_take(opened);
    uint64_t sum = walk_block(block);
    uint32_t frames = block->hdr.bh1.num_pkts;
    ring_give_back(block);
    count(frames, sum);
  }
}

int main(int argument_count, char **arguments) {
  if (argument_count != 2) {
    fprintf(stderr, "usage: ring_walk INTERFACE\n");
    return 2;
  }
  static struct ring ring;
  ring_open(&ring, arguments[1]);
  return read_and_answer((struct reader){walk, ring_dropped, &ring});
}
