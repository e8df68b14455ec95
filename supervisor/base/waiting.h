/* What the command line waits for in a blocking call, so that nothing over a second is silent. Code
 * that blocks names it with waiting_begin(), calls waiting_tick() at least each second and ends it
 * with waiting_end(). Where nobody watches, as in the supervisor and in every thread but the first,
 * these do nothing. */
#pragma once

#include <stdint.h>

/* doing: NULL: it has ended, after having been told at least once. */
typedef void waiting_teller(const char *doing, uint64_t elapsed_ms);

/* In this thread, and in no other; NULL: no longer. */
void waiting_watch(waiting_teller *tell);
void waiting_begin(const char *doing, const char *what); /* "qemu-img", "check"; what may be "" */
void waiting_tick(void);
void waiting_end(void);
