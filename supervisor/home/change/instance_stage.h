/* The making of an instance's folder and row, all or nothing, whatever its disk is made from: a
 * staged folder is filled first, then row and folder come into being under the store's lock. */
#pragma once

#include "home/facts.h"

/* Folders on their way in and out, beside the instances. Whoever works on one holds a lock on it;
 * one that nobody has locked was left by a process that was killed, and is swept. */
#define INSTANCE_STAGE_STAGING ".new-"
#define INSTANCE_STAGE_TRASH   ".old-"

struct instance_stage {
    struct home *home;
    struct instance_facts facts; /* its cards and forwards as asked for; no identity yet */
    /* Puts the disks into the folder; no store is locked. */
    bool (*fill)(struct instance_stage *stage, struct error *error);
    /* Inside the transaction, when the row and the folder are there; NULL: nothing more to do. */
    bool (*record)(struct instance_stage *stage, struct error *error);
    const void *context; /* of these two */
    char *folder;        /* where it is now: staged, later final; NULL: not made */
    int lock;
};

/* made is the caller's; the facts stay to be released by instance_facts_done(). */
bool instance_stage_run(struct instance_stage *stage, struct store_instance *made,
                        struct error *error);
