/* The saved memory of an instance that does not run: what is in its disks (host/saved_memory.h),
 * what it forbids, and whether a launch can load it. Nothing else records that an instance is
 * suspended. Where a lock is named, the caller holds that of the instance's folder. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/running.h"
#include "host/saved_memory.h"
#include "machine/core/spec.h"
#include "store/instance_table.h"

/* saved->tag is NULL if it is not suspended; saved_memory_done() after it. */
bool suspension_read(const struct home *home, const char *name, struct saved_memory *saved,
                     struct error *error);
/* For whoever changes or reads its disks: ERROR_WRONG_STATE with the ways out. */
bool suspension_check_none(const struct home *home, const char *name, struct error *error);
/* … or this extra disk has no part in it, since it was added later. */
bool suspension_check_disk(const struct home *home, const char *name, const char *disk,
                           struct error *error);
/* Its supervisor is at it. */
bool suspension_is_being_made(const struct home *home, const char *name);
/* As its supervisor wrote of this launch before it told QEMU anything, also one that was killed
 * since: what QEMU has done since then is not known. */
bool suspension_was_begun(const struct home *home, const struct running *running);
/* Under the lock. None is no failure. */
bool suspension_discard(struct home *home, const struct store_instance *instance,
                        struct error *error);

/* What a launch is to load; NULL: nothing, and it boots. */
struct suspension_wake {
    char *tag;
    char *notice; /* what speaks against it; NULL */
};
void suspension_wake_done(struct suspension_wake *wake);
/* After a change of its definition: what its next start would refuse, or NULL. Caller frees. */
char *suspension_remark(const struct home *home, const char *name, const struct spec *spec);
/* Under the lock, of the launch that is made ready. ERROR_WRONG_STATE: it cannot be loaded, and the
 * way out. What an interrupted discarding has left is removed. */
bool suspension_settle(struct home *home, const struct store_instance *instance,
                       const struct spec *spec, struct suspension_wake *wake, struct error *error);
