/* Instances that were removed, for as many days as the cloud says: HOME/trash/NAME-ID, the folder
 * of each as it was, with its rows of the store in a file beside them. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stddef.h>
#include <stdint.h>

#define TRASH_FOLDER "trash"

struct trash_entry {
    char *name;   /* of the instance */
    char *folder; /* absolute */
    int64_t removed_ms;
    uint64_t bytes; /* on the disk */
};
struct trash_list { /* the last removed first */
    struct trash_entry *items;
    size_t count;
};

bool trash_list(const struct home *home, struct trash_list *list, struct error *error);
void trash_list_done(struct trash_list *list);

/* Where the folder of this instance is moved, HOME/trash/NAME-ID; caller frees. */
char *trash_place(const struct home *home, const struct store_instance *instance);
/* Moves the folder of an instance there and keeps its rows; the caller then removes them from the
 * store, or takes the folder back. Caller frees the new path; NULL: error set, nothing was moved.
 */
char *trash_put(struct home *home, const struct store_instance *instance, struct error *error);
bool trash_take_back(const struct home *home, const char *trashed,
                     const struct store_instance *instance);

/* The instance of this name that was removed last. ERROR_EXISTS: its name or an address is taken.
 */
bool trash_restore(struct home *home, const char *name, struct error *error);
/* Deletes what is older than the days of the cloud for good. */
bool trash_expire(const struct home *home, struct error *error);
/* Deletes what is older than that for good; 0: everything. */
bool trash_empty(const struct home *home, int64_t age_ms, struct error *error);

/* How much the files of a folder take on the disk. */
uint64_t trash_folder_bytes(const char *folder);
