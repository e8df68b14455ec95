/* A supervisor in the background: a child in a session of its own, without a terminal. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

#define DETACH_TIMEOUT_MS 120000 /* until it serves */

/* Forks; the child calls run(), which calls detach_tell() once it serves, or when there is nothing
 * to do because another one does, and returns when it ends. Returns in the parent only: true when
 * one serves; else the error of the child. */
enum detach_result { DETACH_SERVES, DETACH_SERVED_ALREADY };
struct detach {
    bool (*run)(void *context, struct error *error);
    bool (*wait_as)(struct error *error); /* what the parent does before it waits */
    void *context;
    int pipe;                  /* of the child: the only descriptor that it needs */
    enum detach_result result; /* in the parent */
};
bool detach_start(struct detach *detach, struct error *error);
void detach_tell(struct detach *detach, enum detach_result result);
