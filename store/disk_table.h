/* Extra disks of instances: the one that they boot from is not among them. */
#pragma once

#include "store/store.h"

#include <stddef.h>

struct store_disk {
    int64_t instance;
    char *name; /* a label, unique in its instance */
    uint64_t bytes;
    int64_t created_ms;
};
struct store_disks {
    struct store_disk *items;
    size_t count;
};

/* Of one instance, in the order in which they were added. */
bool disk_table_list(struct store *store, int64_t instance, struct store_disks *disks,
                     struct error *error);
bool disk_table_add(struct store *store, const struct store_disk *disk, struct error *error);
/* found: whether it was there. */
bool disk_table_remove(struct store *store, int64_t instance, const char *name, bool *found,
                       struct error *error);
void store_disks_done(struct store_disks *disks);
