/* A backup made of an OVF package: an OVA archive, or the descriptor beside its files. Blocking.
 *
 * Nothing is unpacked: disks are converted where they are in the archive. Names lead to members of
 * the archive, or to regular files in the folder of the descriptor, and nowhere else. Digests of
 * the manifest are checked before anything is converted. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"

#include <stdbool.h>

struct ova_backup { /* borrowed */
    struct home *home;
    const char *file;   /* absolute: the archive, or the descriptor */
    bool archive;       /* which of the two */
    const char *name;   /* the instance's; NULL: as the machine is called */
    const char *arch;   /* NULL: as the descriptor lets guess */
    const char *pgsup;  /* the version of this program */
    struct strv *notes; /* what its user is to be told */
};
/* Into a folder that exists: manifest.json and self-contained disks. */
bool ova_backup_make(const struct ova_backup *wanted, const char *folder, struct error *error);
