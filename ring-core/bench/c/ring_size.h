/* The ring of all readers, as JavaReader.java has it. */
#ifndef RINGTAP_RING_SIZE_H
#define RINGTAP_RING_SIZE_H

#define RING_BLOCKS 64
#define RING_BLOCK_BYTES (1 << 20)
#define RETIRE_TIMEOUT_MILLIS 20

#endif
