/* The disks of a VM that runs, for an export: copied by its QEMU as a backup is, all of one moment,
 * and self-contained but for the image. Blocks; Ctrl-C (base/interrupt.h) cancels. */
#pragma once

#include "base/error.h"
#include "cli/invocation.h"
#include "home/backup/backup_manifest.h"
#include "home/running.h"

#include <stdbool.h>

struct export_live {
    const struct invocation *invocation;
    const struct running *running;
    const char *pgsup;         /* the version of this program */
    enum backup_moment moment; /* what came of freezing */
    struct error unfrozen;     /* why it was not frozen */
};

/* For export_request.copy_running. The caller holds backup_live_lock(). */
bool export_live_copy(void *context, const char *folder, struct error *error);
