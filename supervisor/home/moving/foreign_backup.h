/* A backup made of a machine of another program that does not run. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "home/moving/foreign_machine.h"

struct foreign_backup { /* borrowed */
    struct home *home;
    const struct foreign_machine *machine;
    const char *file;   /* its description, as messages call it */
    const char *name;   /* the instance's; NULL: as the machine is called */
    const char *pgsup;  /* the version of this program */
    struct strv *notes; /* what its user is to be told: what is left out */
    /* Makes a self-contained qcow2 file of a disk, which has passed no check. */
    bool (*copy_disk)(void *context, const struct foreign_disk *disk, const char *to,
                      struct error *error);
    /* The file of what may be a seed drive; NULL: there is none, as for a NULL function. Caller
     * frees. */
    char *(*find_seed)(void *context, const struct foreign_disk *disk);
    void *context;
};
/* Into a folder that exists: manifest.json and self-contained disks. */
bool foreign_backup_make(const struct foreign_backup *wanted, const char *folder,
                         struct error *error);
