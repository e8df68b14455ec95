/* Which VMs are asked whether they live, when it is time for it again. Each of them where they are
 * few; of many so many at a time, in turn, that they cost no more however many they are. One that
 * talked shortly before its turn is asked by a timer of its own once it has fallen silent, which is
 * not counted. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HEARTBEATS_LIMIT 400u /* questions at a time */

struct vm;

struct heartbeats {
    size_t next; /* whose turn it is; a VM that is gone may cost another one a turn */
};

/* ask: false if nothing had to be asked. Calls it for each VM once at most. */
void heartbeats_look(struct heartbeats *heartbeats, struct vm *const *vms, size_t count,
                     bool (*ask)(struct vm *vm));
