/* The making of an instance's folder and row, all or nothing, whatever its disk is made from: a
 * staged folder is filled first, then row and folder come into being under the store's lock. */
#pragma once

#include "home/facts.h"

/* Folders on their way in and out, beside the instances. Whoever works on one holds a lock on it;
 * one that nobody has locked was left by a process that was killed, and is swept. */
#define CREATION_COMING ".new-"
#define CREATION_GOING  ".old-"

struct creation {
    struct home *home;
    struct instance_facts facts; /* its cards and forwards as asked for; no identity yet */
    /* Puts the disks into the folder; no store is locked. */
    bool (*fill)(struct creation *creation, struct error *error);
    /* Inside the transaction, when the row and the folder are there; NULL: nothing more to do. */
    bool (*record)(struct creation *creation, struct error *error);
    const void *context; /* of these two */
    char *folder;        /* where it is now: staged, later final; NULL: not made */
    int lock;
};

/* made is the caller's; the facts stay to be released by instance_facts_done(). */
bool creation_run(struct creation *creation, struct store_instance *made, struct error *error);
