/* The countdown, for the functions that this library stands in front of. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdbool.h>

enum family { NONE, WRITE, OPEN, SOCKET, SPAWN, UV, SQLITE, NAME, FAMILIES };

/* The function that this library stands in front of. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (!real)                                                                                     \
    real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#pragma GCC visibility push(hidden) /* none of these is the program's */

/* Which fault of the countdown this call is, from 1; 0: none. A child between its fork and its exec
 * is not this process. */
long fault_next(enum family family, const char *function);
bool fault_fails(enum family family, const char *function, int number); /* with this errno */
long fault_calls(void);                                                 /* counted so far */

#pragma GCC visibility pop
