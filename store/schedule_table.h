/* What is made by the clock: snapshots (a column of the instance) and backups (backup_table.h). */
#pragma once

#include "store/store.h"

enum store_schedule_kind { STORE_SCHEDULE_SNAPSHOT, STORE_SCHEDULE_BACKUP, STORE_SCHEDULE_KINDS };

struct store_schedule {
    int64_t instance;
    char *name; /* of the instance */
    enum store_schedule_kind kind;
    int64_t every_s;
    int64_t last_ms; /* when the last automatic one was made; 0: there is none */
};
struct store_schedules {
    struct store_schedule *items;
    size_t count;
};

bool schedule_table_list(struct store *store, struct store_schedules *schedules,
                         struct error *error);
void store_schedules_done(struct store_schedules *schedules);
