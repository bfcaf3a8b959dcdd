/*
 * What a reader has done so far, told on request: each line on standard input, and its end, is answered by a line
 *
 *   FRAMES SUM DROPPED NANOSECONDS
 *
 * with the frames read, a sum over them that keeps compilers from leaving work out, the frames that the kernel dropped,
 * and the processor time of the thread that reads. The end also ends the process.
 */
#ifndef RINGTAP_MARKS_H
#define RINGTAP_MARKS_H

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fail.h"

struct reader {
  void (*read)(void *source); /* for ever */
  uint64_t (*dropped)(void *source);
  void *source;
};

static _Atomic uint64_t frames_read;
static _Atomic uint64_t sum_read;

/* Adds what was read; for the reading thread alone, which is why no locked instruction is needed. */
static inline void count(uint64_t frames, uint64_t sum) {
  atomic_store_explicit(&sum_read, atomic_load_explicit(&sum_read, memory_order_relaxed) + sum, memory_order_relaxed);
  atomic_store_explicit(&frames_read, atomic_load_explicit(&frames_read, memory_order_relaxed) + frames,
                        memory_order_relaxed);
}

static inline void *run_reader(void *reader) {
  ((struct reader *)reader)->read(((struct reader *)reader)->source);
  return NULL;
}

static inline void tell(struct reader *reader, clockid_t clock) {
  struct timespec cpu;
  clock_gettime(clock, &cpu);
  uint64_t nanoseconds = (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec;
  printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", frames_read, sum_read, reader->dropped(reader->source),
         nanoseconds);
  fflush(stdout);
}

/* Reads in a thread of its own, says "ready", and answers. */
static inline int read_and_answer(struct reader reader) {
  pthread_t thread;
  clockid_t clock;
  if (pthread_create(&thread, NULL, run_reader, &reader) != 0 || pthread_getcpuclockid(thread, &clock) != 0) {
    fail("thread");
  }
  puts("ready");
  fflush(stdout);
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    tell(&reader, clock);
  }
  tell(&reader, clock);
  exit(0);
}

#endif
