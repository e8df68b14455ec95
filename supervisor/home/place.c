#include "home/place.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/cloud_table.h"

#include <string.h>
#include <sys/stat.h>

/* One folder may have several names. */
static bool is_same_folder(const char *a, const char *b) {
    struct stat first, second;
    return strcmp(a, b) == 0 || (stat(a, &first) == 0 && stat(b, &second) == 0 &&
                                 first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

/* No two clouds have both. */
static bool is_same_cloud(struct store *store, struct store *other) {
    struct store_cloud here = {0}, there = {0};
    bool same = cloud_table_get(store, &here, NULL) && cloud_table_get(other, &there, NULL) &&
                here.mac_base == there.mac_base && here.created_ms == there.created_ms;
    store_cloud_done(&here);
    store_cloud_done(&there);
    return same;
}

static bool is_still_at(struct store *store, const char *path, const char *file) {
    scoped(alloc_release) char *database = alloc_printf("%s/%s", path, file);
    struct store *other = NULL;
    if (!file_exists(database) || !store_open(database, STORE_OPEN, &other, NULL))
        return false;
    bool same = is_same_cloud(store, other);
    store_close(other);
    return same;
}

bool place_record(struct store *store, const char *path, struct error *error) {
    return cloud_table_set_place(store, path, error);
}

char *place_check(struct store *store, const char *before, const char *path, const char *file) {
    if (before && is_same_folder(before, path))
        return NULL;
    bool copied = before && is_still_at(store, before, file);
    if (!place_record(store, path, NULL) || !copied)
        return NULL;
    return alloc_printf(
        "the home %s is a copy of %s: its guests have the names, MAC addresses, host "
        "keys and ports of those, so do not run both at the same time; `pgsup "
        "instance clone` makes guests of their own",
        path, before);
}
