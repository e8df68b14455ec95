/* What root's rights are used for: for nothing but `pgsup up`, and there by the launcher alone. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* For every command but `up`, before it opens anything: under sudo this process becomes the user
 * who called it. Root without sudo stays root, for a home of its own. */
bool privileges_drop(struct error *error);

struct privileges_choice {
    bool as_root;       /* stay root: the home is root's own */
    bool any_arguments; /* qemu.args are used although root starts QEMU */
    int keep;           /* a descriptor that the supervisor needs, under sudo the only one; -1 */
};
/* For `up`. Under sudo forks: returns in the process of the user, with the socket of the launcher;
 * -1: there is none. False: it may not run as root. */
bool privileges_part(const struct privileges_choice *choice, int *launcher, struct error *error);
