/* Ends the process with the system's reason. */
#ifndef FAIL_H
#define FAIL_H

#include <stdio.h>
#include <stdlib.h>

static inline _Noreturn void fail(const char *what) {
  perror(what);
  exit(1);
}

#endif
