/* Files that pgsup writes into the folder of an instance and people may edit. A changed one is
 * never overwritten. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "base/sync_ahead.h"
#include "home/facts.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stddef.h>
#include <sys/types.h>

enum generated_result { GENERATED_FAILED, GENERATED_WRITTEN, GENERATED_SAME, GENERATED_KEPT };

/* One run that writes the files of an instance. */
struct generated {
    struct home *home;
    const struct instance_facts *facts; /* the source of the files; borrowed */
    bool tells_edits;     /* the notice tells what follows from edits: nothing was given just now */
    struct strv recorded; /* path, digest, path, …: what was recorded in the store meanwhile */
    /* Of a folder that is new, and nobody's while this is under way: its files are synced together,
     * by who made this. NULL: each before it takes its place. */
    struct sync_ahead_list *ahead;
    char *notice; /* what the user is to be told of a file that was kept; NULL */
};
void generated_done(struct generated *generated);

struct generated_file {
    const char *path; /* relative to the instance's folder, whose sub-folders are made */
    const char *text;
    size_t length;
    mode_t mode;
};

/* KEPT: the user's file stays, the new text was written to PATH.new. SAME also when PATH.new has
 * that text already. */
enum generated_result generated_write(struct generated *generated,
                                      const struct generated_file *file, struct error *error);

/* Records the digest of a file that was just written; generated_write() does. */
bool generated_record(struct generated *generated, const char *path, const char *digest,
                      struct error *error);

/* Whether its user changed the file, given as INSTANCEDIR/PATH. One that is not there is none. */
bool generated_is_edited(const struct home *home, const struct store_instance *instance,
                         const char *path, bool *edited, struct error *error);

/* A rollback undoes what was recorded, but not the files, which would then look edited. This
 * records them again, in the next transaction. */
void generated_settle(const struct generated *generated, int64_t instance);
