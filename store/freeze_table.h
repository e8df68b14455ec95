/* Guests whose file systems may be frozen: written before they are frozen, removed when it is known
 * that they are thawed. Whoever finds a row that nobody works on thaws that guest. */
#pragma once

#include "store/store.h"

#include <stddef.h>

struct store_freeze {
    int64_t instance;
    int64_t began_ms;
};
struct store_freezes {
    struct store_freeze *items;
    size_t count;
};

bool freeze_table_put(struct store *store, const struct store_freeze *freeze, struct error *error);
/* Of one instance or, with 0, of all. */
bool freeze_table_list(struct store *store, int64_t instance, struct store_freezes *freezes,
                       struct error *error);
/* Removing an absent row succeeds. */
bool freeze_table_remove(struct store *store, int64_t instance, struct error *error);
void store_freezes_done(struct store_freezes *freezes);
