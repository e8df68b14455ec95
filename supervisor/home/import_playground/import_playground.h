/* Taking over the home of an mrmat-playground where it lies. All or nothing: a backup is made, the
 * new store is written beside the old database and renamed onto it, then the files that pgsup
 * writes anew are taken out of the home. The disks and the images stay as they are.
 *
 * Of the instances, names, ids, MAC and static addresses are kept. Their instance-ids are new
 * (those of the predecessor have a slash, which would part the phone-home's path), so at
 * its next start a guest makes its accounts and host keys again and phones home. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

struct import_playground_options { /* in place of what the old database says; NULL: as that */
    const char *name, *ssh_public_key;
};

struct import_playground_report {
    bool before; /* it had been done before */
    char *path, *backup, *cloud;
    size_t instances, images;
    struct strv notes; /* sentences about what was left out */
};

bool import_playground_run(const char *path, const struct import_playground_options *options,
                           struct import_playground_report *report, struct error *error);
void import_playground_report_done(struct import_playground_report *report);
