/* The disks of a running VM, copied by its QEMU while the guest goes on: what is copied is what
 * they were at one moment, for all of them the same, for which the file systems may be frozen.
 * Over the VM's second monitor, on which nobody else has to wait for long. Blocks; Ctrl-C
 * (base/interrupt.h) cancels.
 *
 * Whoever backs up an instance that runs holds the lock on its folder of documents. Jobs and nodes
 * are called BACKUP_LIVE_PREFIX…; whoever finds one while nobody holds the lock removes it. A job
 * reports an error and does not stop the guest; a guest that was stopped because its write could
 * not be made safe for a copy that then failed goes on. Nothing counts as copied until QEMU has
 * closed what it wrote. */
#pragma once

#include "base/error.h"
#include "home/backup/backup_make.h"
#include "home/running.h"

#include <stdbool.h>
#include <stdint.h>

struct backup_live {
    const struct running *running; /* the VM */
    bool freezes;                  /* the file systems, if the guest has an agent */
    struct error unfrozen; /* why they were not, in words that follow "crash-consistent: " */
    /* NULL, or is told how far it is. */
    void (*progress)(void *context, const char *doing, uint64_t done_bytes, uint64_t total_bytes);
    void *context;
};

/* -1: error set. Closed by the caller. */
int backup_live_lock(const struct home *home, const char *name, struct error *error);
/* Meanwhile QEMU neither resizes its disks nor makes and removes snapshots. */
bool backup_live_check_none(const struct home *home, const char *name, struct error *error);
/* Copies all disks of what was begun. The caller holds the lock. */
bool backup_live_copy(struct backup_live *live, struct backup_making *making,
                      enum backup_moment *moment, struct error *error);
