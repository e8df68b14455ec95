#include "export_live.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cli/link/backup_live.h"
#include "cli/output/progress_bar.h"
#include "home/backup/backup_make.h"
#include "host/qemu_img.h"

#include <stdio.h>

/* Out of what would have become a backup. */
static bool take_disks(const struct backup_making *making, const char *folder,
                       struct error *error) {
    for (size_t i = 0; i < making->disk_count; i++) {
        const struct backup_disk *disk = &making->disks[i];
        scoped(alloc_release) char *to = alloc_printf("%s/%s", folder, disk->file);
        if ((disk->over_image && !qemu_img_name_backing(disk->target, making->image, error)) ||
            !file_sync(disk->target, error)) /* QEMU did not: backup_live.c */
            return false;
        if (rename(disk->target, to) < 0)
            return error_errno(error, "cannot create %s", to);
    }
    return true;
}

bool export_live_copy(void *context, const char *folder, struct error *error) {
    struct export_live *live = context;
    struct progress_bar bar;
    const struct backup_options options = {
        .folder = folder, .kind = BACKUP_THIN, .pgsup = live->pgsup};
    struct backup_making making = {.home = live->invocation->home, .options = &options, .lock = -1};
    struct backup_live copying = {.running = live->running,
                                  .freezes = true,
                                  .progress = progress_bar_report,
                                  .context = &bar};
    bool good = backup_begin(&making, live->running->name, error);
    if (good) {
        progress_bar_init(&bar, live->running->name, live->invocation);
        good = backup_live_copy(&copying, &making, &live->moment, error) &&
               take_disks(&making, folder, error);
        progress_bar_done(&bar);
    }
    live->unfrozen = copying.unfrozen;
    backup_end(&making);
    return good;
}
