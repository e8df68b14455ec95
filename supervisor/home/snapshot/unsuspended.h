/* Which of many instances are suspended (suspension.h), asked without opening disks that are known
 * to hold no saved memory: a note in the run folder has their inodes, sizes and times. A disk that
 * was written to since, by whomever, is read again, and so is one whose time is too young to tell
 * one write from the next. Without the note, or with a damaged one, all are read. For what is shown
 * only: who acts on a disk asks suspension_read(). */
#pragma once

#include "base/buffer.h"
#include "home/home.h"
#include "home/snapshot/suspension.h"

#define UNSUSPENDED_NOTE       "unsuspended-disks" /* in the run folder */
#define UNSUSPENDED_WORTH      8                   /* so many disks were read: a new note pays */
#define UNSUSPENDED_SETTLED_MS 5000                /* more than any file system's unit of time */

struct unsuspended {
    const struct home *home; /* borrowed */
    int folder;              /* instances/ */
    int64_t now_ms;          /* of clock_wall_ms() */
    struct buffer known;     /* by the note */
    struct buffer fresh;     /* read, and not known before */
};

void unsuspended_open(struct unsuspended *disks, const struct home *home);
/* As suspension_read(). */
bool unsuspended_read(struct unsuspended *disks, const char *name, struct saved_memory *saved,
                      struct error *error);
void unsuspended_close(struct unsuspended *disks); /* writes the note if that pays */
