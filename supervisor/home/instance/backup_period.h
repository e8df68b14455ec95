/* Whether, whereto and how often the supervisor backs up an instance by itself: daemon/schedule.h.
 */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/backup_table.h"

#include <stdbool.h>

#define BACKUP_PERIOD_KEEP_DEFAULT 7u
#define BACKUP_PERIOD_KEEP_MAX     1000u
#define BACKUP_PERIOD_MIN_MS       60000u

/* Texts as given on the command line; NULL: as it is; of to and every "": never. */
struct backup_period_options {
    const char *to; /* a folder that exists, outside of the home */
    const char *every, *keep;
};
bool backup_period_any(const struct backup_period_options *options);
/* What it becomes by them; nothing is written. */
bool backup_period_change(const struct home *home, const struct backup_period_options *options,
                          struct store_backup *backup, struct error *error);
/* In the caller's transaction. */
bool backup_period_apply(const struct home *home, const struct backup_period_options *options,
                         int64_t instance, struct error *error);
