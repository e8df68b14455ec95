/* The file systems of a running guest, frozen by its agent for the moment in which its disks are
 * taken: a snapshot, or the start of a backup. That they may be frozen is in the store before
 * (store/freeze_table.h), so that a supervisor thaws them when it adopts the VM, when the agent
 * comes back, and when nobody else has done so in time.
 *
 * The agent is talked to by a guard, a process of its own that thaws as soon as this one has ended,
 * even by SIGKILL, and no later than GUEST_FREEZE_LIMIT_MS after it has frozen. Without an agent,
 * with one that hangs or cannot freeze, nothing is frozen, and the caller goes on with disks as
 * after a power cut ("crash-consistent"), or does not. Blocks; Ctrl-C does not interrupt it. */
#pragma once

#include "base/error.h"
#include "cli/link/offline.h"
#include "home/home.h"
#include "home/running.h"

#include <stdbool.h>
#include <stdint.h>

#define GUEST_FREEZE_LIMIT_MS 10000

struct guest_freeze; /* opaque */

struct guest_freeze_target {
    struct home *home;
    int64_t instance; /* its id */
    const struct running *running;
    struct offline *offline; /* is asked whether the guest runs, and an agent in it; NULL: both */
    uint64_t limit_ms; /* of the freeze and of its agent's answers; 0: GUEST_FREEZE_LIMIT_MS */
};

/* NULL: not frozen, and error says why in words that follow "crash-consistent: ". */
struct guest_freeze *guest_freeze_begin(const struct guest_freeze_target *target,
                                        struct error *error);
/* Thaws, and frees it. False: the file systems were not frozen all the time, or could not be
 * thawed: what was taken meanwhile is crash-consistent. NULL is fine: false without an error. */
bool guest_freeze_end(struct guest_freeze *freeze, struct error *error);
