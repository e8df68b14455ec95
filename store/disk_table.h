/* Extra disks of instances, without the disk that an instance boots from. */
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

/* Lists the disks of one instance or, with 0, of all in the order in which they were added. */
bool disk_table_list(struct store *store, int64_t instance, struct store_disks *disks,
                     struct error *error);
bool disk_table_add(struct store *store, const struct store_disk *disk, struct error *error);
/* found: whether the row existed. */
bool disk_table_remove(struct store *store, int64_t instance, const char *name, bool *found,
                       struct error *error);
/* An absent row is no failure. */
bool disk_table_resize(struct store *store, const struct store_disk *disk, struct error *error);
void store_disks_done(struct store_disks *disks);
