/* Keeps the computer from going to sleep by itself while a VM runs (`pgsup up --keep-awake`): by a
 * child of the system's own program for that (base/host.h), which ends when we do, however we end.
 * Where it cannot be had that is said once, and nothing else changes. */
#pragma once

#include <stdbool.h>
#include <uv.h>

struct awake; /* opaque */

struct awake *awake_new(uv_loop_t *loop);
void awake_set(struct awake *awake,
               bool wanted);           /* NULL is fine; at any time, as often as wanted */
void awake_close(struct awake *awake); /* NULL is fine */
