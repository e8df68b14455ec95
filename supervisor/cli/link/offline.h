/* A VM without a supervisor: QMP over the VM's own spare monitor, blocking, every wait with a
 * deadline. For `list`, `info`, `stop` and `qmp` when nobody supervises. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/running.h"

#include <jansson.h>
#include <stdint.h>

struct direct; /* opaque */

struct direct *direct_open(const struct home *home, const struct running *running,
                           struct error *error);
void direct_close(struct direct *direct); /* NULL is fine */

/* The command's return value, owned by the caller; NULL with a sentence. arguments is stolen. */
json_t *direct_command(struct direct *direct, const char *command, json_t *arguments,
                       struct error *error);

struct direct_stop {
    uint64_t limit_ms; /* until quit; 0: for ever */
    bool force, no_escalate;
};
/* The same rungs as the supervisor's stop. outcome: "guest-shutdown after 1 press, 2.1 s", owned by
 * the caller. */
char *direct_stop(const struct home *home, const struct running *running,
                  const struct direct_stop *options, struct error *error);
