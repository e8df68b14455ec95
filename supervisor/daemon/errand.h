/* A command that the supervisor gives as a person would: pgsup itself, as a child in a session of
 * its own, so that neither its work nor its end is that of the supervisor. */
#pragma once

#include "base/error.h"
#include "machine/process.h"

#include <stdbool.h>

struct errand; /* opaque */

/* said: the last line that the command has written, without "pgsup: "; if it failed and said
 * nothing, how it ended. The errand is gone afterwards. */
typedef void errand_on_end(void *owner, bool good, const char *said);

struct errand_request {
    const char *home;         /* absolute */
    const char *run;          /* the run folder: for what it says */
    const char *const *words; /* NULL at the end */
    uint64_t limit_ms;        /* then it is ended by SIGTERM, a minute later by SIGKILL */
    void *owner;
    errand_on_end *on_end;
};

/* NULL with a sentence when it cannot be begun. */
struct errand *errand_begin(uv_loop_t *loop, const struct errand_request *request,
                            struct error *error);
/* It goes on, and its end is told to nobody. NULL is fine. */
void errand_leave(struct errand *errand);
