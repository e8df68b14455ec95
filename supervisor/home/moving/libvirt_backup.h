/* A backup made of a domain of libvirt that does not run. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"

#include <stdbool.h>

struct libvirt_backup { /* borrowed */
    struct home *home;
    const char *file;   /* the domain's XML */
    bool beside;        /* it is part of a folder: no file from elsewhere is taken */
    const char *name;   /* the instance's; NULL: as the domain is called */
    const char *pgsup;  /* the version of this program */
    struct strv *notes; /* what is left out, and which files were taken, if it may name any */
};
/* Into a folder that exists: manifest.json and self-contained disks. A disk that is not where the
 * domain says, but beside its file, is found there. */
bool libvirt_backup_make(const struct libvirt_backup *wanted, const char *folder,
                         struct error *error);
