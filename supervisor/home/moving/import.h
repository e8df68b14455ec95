/* A machine taken in from elsewhere: a backup, or a domain of libvirt or an OVF package, which is
 * made into a backup that is restored at once (home/backup/backup_restore.h). Blocking.
 *
 * Of a description everything is distrusted (libvirt_read.h, ovf_read.h); its disks pass the same
 * checks as images and are copied. What is there already stays as it was on failure. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdbool.h>

struct import_request { /* borrowed */
    const char *path;   /* a folder of backup or export, a domain's XML, an OVA or OVF */
    const char *arch;   /* of an OVA or OVF, which does not tell; NULL: guessed */
    const char *name;   /* of another machine, with its own identity; NULL: the same machine */
    const char *pgsup;  /* the version of this program */
};
/* notes: what its user is to be told; caller frees, also after a failure. */
bool import_run(struct home *home, const struct import_request *request,
                struct store_instance *made, struct strv *notes, struct error *error);
