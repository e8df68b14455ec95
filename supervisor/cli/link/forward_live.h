/* Port forwards of a VM that runs, changed without a restart: QEMU's hostfwd_add and
 * hostfwd_remove, which are commands of its human monitor only and answer with text (QEMU:
 * net/slirp.c). Over the VM's second monitor, with or without a supervisor. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdbool.h>

struct forward_live; /* opaque */

/* NULL without an error: the instance does not run, so there is nothing to change. */
struct forward_live *forward_live_open(const struct home *home,
                                       const struct store_instance *instance, struct error *error);
void forward_live_close(struct forward_live *live); /* NULL is fine */

/* All of them or none; texts as in home/instance/forward.h, NULL-terminated. Removing an absent
 * forward succeeds. */
bool forward_live_add(struct forward_live *live, char *const *texts, struct error *error);
bool forward_live_remove(struct forward_live *live, char *const *texts, struct error *error);
