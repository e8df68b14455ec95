/* Blocking work side by side in threads of libuv, each piece with a deadline: what hangs in the
 * system is left behind, and the caller goes on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct side_by_side_job {
    void (*run)(void *context);
    void *context; /* after a job that is late it may still be used: it must not be freed */
    bool done;     /* false afterwards: it was late */
};

/* Returns when every job is done or has run for timeout_ms. */
bool side_by_side_run(struct side_by_side_job *jobs, size_t count, unsigned timeout_ms);
