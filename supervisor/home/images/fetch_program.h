/* Runs pgsup-fetch for one download or one unpacking, to its end. Blocking. It is looked for beside
 * the running program, in libexec beside its folder, and where it was installed. It gets the files
 * as descriptors, works in a process group of its own and is stopped by an interrupt
 * (base/interrupt.h), by silence, and when pgsup is killed. */
#pragma once

#include "base/error.h"
#include "fetch/wire/fetch_wire.h"
#include "home/images/image_progress.h"

#define FETCH_SILENCE_LIMIT_MS 300000u /* it reports once a second while nothing moves */
#define FETCH_END_LIMIT_MS     10000u  /* from its last line, or from SIGTERM, to its end */

struct fetch_program { /* borrowed */
    struct fetch_request request;
    int target, source;                    /* source 0: none */
    const char *doing;                     /* for progress */
    const struct image_progress *progress; /* may be NULL */
};
/* Where pgsup-fetch is. Caller frees; NULL with an error. */
char *fetch_program_find(struct error *error);
/* pieces is set when it succeeds. An interrupt is ERROR_CANCELLED. */
bool fetch_program_run(const struct fetch_program *program, enum fetch_pieces *pieces,
                       struct error *error);
