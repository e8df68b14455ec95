/* Creates the folder and the row of an instance, all or nothing, whatever its disk is made from:
 * a staged folder is filled first, then row and folder are created under the store's lock. */
#pragma once

#include "base/sync_ahead.h"
#include "home/facts.h"

/* Folders that are being created or removed, beside those of the instances. Whoever works on one
 * holds a lock on it; an unlocked one was left by a killed process, and is removed. */
#define INSTANCE_STAGE_STAGING ".new-"
#define INSTANCE_STAGE_TRASH   ".old-"

struct instance_stage {
    struct home *home;
    struct instance_facts facts; /* its cards and forwards as asked for; no identity yet */
    /* Creates the disks in the folder; the store is not locked. */
    bool (*fill)(struct instance_stage *stage, struct error *error);
    /* Runs in the transaction, after the row and the folder were created; NULL: nothing to do. */
    bool (*record)(struct instance_stage *stage, struct error *error);
    const void *context; /* of these two */
    /* private */
    struct sync_ahead marking; /* while the disks are made */
    char *marker;              /* where it was when this began */
    char *folder;              /* where it is now: staged, later final; NULL: not made */
    int lock;
};

/* Caller owns made, and releases the facts with instance_facts_done(). */
bool instance_stage_run(struct instance_stage *stage, struct store_instance *made,
                        struct error *error);
/* The same in three parts: begin, the stage's fill(), which may run in another thread meanwhile,
 * and end, or abandon for one that failed. A begin that failed leaves nothing. */
bool instance_stage_begin(struct instance_stage *stage, struct error *error);
bool instance_stage_end(struct instance_stage *stage, struct store_instance *made,
                        struct error *error);
void instance_stage_abandon(struct instance_stage *stage);
/* Adds its rows, in the transaction of the caller; checks what must be unique. */
bool instance_stage_reserve(struct instance_stage *stage, struct error *error);
