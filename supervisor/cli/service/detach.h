/* A supervisor in the background: a child in a session of its own, without a terminal. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

#define DETACH_TIMEOUT_MS 120000 /* until it serves */

/* Forks; the child calls run(), which calls detach_ready() once it serves and returns when it ends.
 * Returns in the parent only: true when the child serves; else the error of the child. */
struct detach {
    bool (*run)(void *context, struct error *error);
    void *context;
    int pipe; /* of the child */
};
bool detach_start(struct detach *detach, struct error *error);
void detach_ready(struct detach *detach);
