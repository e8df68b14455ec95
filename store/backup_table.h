/* Instances that are backed up by the supervisor now and then: daemon/schedule.h. */
#pragma once

#include "store/store.h"

struct store_backup { /* an instance without a row: all 0 */
    int64_t instance;
    char *folder;     /* absolute, on this computer; NULL: none */
    uint64_t every_s; /* 0: never */
    uint64_t keep;    /* so many of these are kept */
    int64_t made_ms;  /* the last one; 0: none */
};

bool backup_table_get(struct store *store, int64_t instance, struct store_backup *backup,
                      struct error *error);
/* In the caller's transaction. */
bool backup_table_put(struct store *store, const struct store_backup *backup, struct error *error);
bool backup_table_set_made(struct store *store, int64_t instance, int64_t made_ms,
                           struct error *error);
void store_backup_done(struct store_backup *backup);
