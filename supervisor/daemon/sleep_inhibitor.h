/* Keeps the computer from going to sleep by itself while a VM runs (`pgsup up --keep-awake`), by a
 * child that runs the system's own program for it (base/platform.h). The child ends when the
 * supervisor does, however that ends. A failure is logged once and changes nothing else. */
#pragma once

#include <stdbool.h>
#include <uv.h>

struct sleep_inhibitor; /* opaque */

struct sleep_inhibitor *sleep_inhibitor_new(uv_loop_t *loop);
/* At any time, as often as wanted. NULL is fine for both. */
void sleep_inhibitor_set(struct sleep_inhibitor *inhibitor, bool wanted);
void sleep_inhibitor_close(struct sleep_inhibitor *inhibitor);
