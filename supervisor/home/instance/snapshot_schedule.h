/* How often a supervisor takes a snapshot of an instance that runs, and how many of these are kept.
 */
#pragma once

#include "base/error.h"
#include "store/instance_table.h"

#define SNAPSHOT_SCHEDULE_KEEP        7 /* unless a number was given */
#define SNAPSHOT_SCHEDULE_KEEP_MAX    1000
#define SNAPSHOT_SCHEDULE_EVERY_MIN_S 60ull
#define SNAPSHOT_SCHEDULE_EVERY_MAX_S (366ull * 86400)

struct snapshot_schedule_options { /* texts as given on the command line; NULL: as it is */
    const char *every;             /* a duration; "": never */
    const char *keep;
};

bool snapshot_schedule_apply(const struct snapshot_schedule_options *options,
                             struct store_instance *instance, struct error *error);
