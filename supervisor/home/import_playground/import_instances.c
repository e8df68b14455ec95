#include "home/import_playground/import_instances.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "home/cloud/subnet.h"
#include "home/import_playground/import_files.h"
#include "home/import_playground/import_images.h"
#include "home/layout.h"
#include "host/qcow2_file.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX (INT64_C(1) << 23) /* of the 2^24 that MAC addresses are made from */

static const struct playground_instance *find_before(const struct import_sources *sources,
                                                     size_t index) {
    const struct playground_instance *rows = sources->old->instances;
    for (size_t i = 0; i < index; i++)
        if (rows[i].name && rows[i].path && strcmp(rows[i].name, rows[index].name) == 0 &&
            strcmp(rows[i].path, rows[index].path) == 0)
            return &rows[i];
    return NULL;
}

/* The same folder, by whichever way to it. */
static bool is_in_home(const struct home *home, const struct playground_instance *row) {
    char real_home[PATH_MAX], real_row[PATH_MAX];
    scoped(alloc_release) char *expected = home_instance_folder(home, row->name);
    if (strcmp(row->path, expected) == 0)
        return true;
    if (!realpath(home->path, real_home))
        return false;
    scoped(alloc_release) char *real =
        alloc_printf("%s/" HOME_INSTANCES "/%s", real_home, row->name);
    return strcmp(row->path, real) == 0 ||
           (realpath(row->path, real_row) && strcmp(real_row, real) == 0);
}

static bool check_row(const struct import_sources *sources, const struct playground_instance *row,
                      struct error *error) {
    if (!row->name || !row->path)
        return error_set(error, ERROR_INVALID, "the instance %lld has no name or path",
                         (long long)row->instance_id);
    if (!name_check_instance(row->name, error))
        return false;
    if (row->instance_id < 1 || row->instance_id > ID_MAX)
        return error_set(
            error, ERROR_INVALID,
            "the instance \"%s\" has the instance_id %lld: only numbers from 1 to %lld "
            "are supported",
            row->name, (long long)row->instance_id, (long long)ID_MAX);
    return is_in_home(sources->home, row) ||
           error_set(error, ERROR_INVALID,
                     "the instance \"%s\" is in %s, outside this home: move it to %s/instances/%s "
                     "and correct its path in the table instances",
                     row->name, row->path, sources->home->path, row->name);
}

/* Kept as it is, but in lower case, by which addresses are compared. */
static bool take_mac(const struct playground_instance *row, struct store_instance *instance,
                     struct error *error) {
    unsigned bytes[6];
    int end = 0;
    const char *mac = row->mac ? row->mac : "";
    bool good = strlen(mac) == 17 && strspn(mac, "0123456789abcdefABCDEF:") == 17 &&
                sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
                       &bytes[4], &bytes[5], &end) == 6 &&
                end == 17 && (bytes[0] & 1) == 0;
    if (!good)
        return error_set(error, ERROR_INVALID,
                         "\"%.40s\" is not a MAC address for the instance \"%s\": correct it in "
                         "the table instances",
                         mac, row->name);
    instance->mac = alloc_string(mac);
    for (char *letter = instance->mac; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    return true;
}

static bool check_unique(const struct store_instances *others,
                         const struct store_instance *instance, struct error *error) {
    for (size_t i = 0; i < others->count; i++) {
        const struct store_instance *other = &others->items[i];
        if (strcmp(other->mac, instance->mac) == 0)
            return error_set(
                error, ERROR_INVALID,
                "the instances \"%s\" and \"%s\" have the same MAC address %s: change one of "
                "them",
                other->name, instance->name, other->mac);
        if (other->ip4 && instance->ip4 && strcmp(other->ip4, instance->ip4) == 0)
            return error_set(
                error, ERROR_INVALID,
                "the instances \"%s\" and \"%s\" have the same address %s: change one of them",
                other->name, instance->name, other->ip4);
    }
    return true;
}

static bool check_idle(const char *name, const char *disk, struct error *error) {
    scoped(alloc_release) char *users = platform_file_users(disk);
    return !*users || error_set(error, ERROR_WRONG_STATE,
                                "the disk of \"%s\" is in use by process %s: shut that VM down "
                                "first",
                                name, users);
}

static bool read_instance(const struct import_sources *sources,
                          const struct playground_instance *row, struct store_instance *instance,
                          struct error *error) {
    const struct home *home = sources->home;
    scoped(alloc_release) char *folder = home_instance_folder(home, row->name);
    scoped(alloc_release) char *disk = alloc_printf("%s/" LAYOUT_OS_DISK, folder);
    scoped(alloc_release) char *images = home_file(home, HOME_IMAGES);
    instance->id = row->instance_id;
    instance->name = alloc_string(row->name);
    instance->seed = STORE_SEED_DRIVE;
    instance->holds_playbook = true;
    if (!take_mac(row, instance, error) || !check_idle(row->name, disk, error))
        return false;
    const struct store_image *image = import_images_of_disk(home, sources->images, disk, error);
    if (!image || !qcow2_file_check(disk, disk, images, error) ||
        !import_files_read(folder, instance, error))
        return false;
    if (instance->ip4 && !subnet_check_guest(sources->cloud, instance->ip4, error))
        return error_prefix(error, "%s/cloud-init/network-config", folder);
    instance->image = alloc_string(image->name);
    return true;
}

static bool add_instance(const struct import_sources *sources,
                         const struct playground_instance *row, struct store_instances *list,
                         struct error *error) {
    struct store_instance instance = {0};
    if (!read_instance(sources, row, &instance, error) || !check_unique(list, &instance, error)) {
        store_instance_done(&instance);
        return false;
    }
    list->items = alloc_resize(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = instance;
    return true;
}

/* `instance remove` of the predecessor left the row, and a new instance of that name got another
 * row but went on with the first one's address. */
bool import_instances_read(const struct import_sources *sources, struct store_instances *list,
                           struct strv *notes, struct error *error) {
    for (size_t i = 0; i < sources->old->count; i++) {
        const struct playground_instance *row = &sources->old->instances[i];
        if (!check_row(sources, row, error))
            return false;
        if (find_before(sources, i))
            continue;
        scoped(alloc_release) char *folder = home_instance_folder(sources->home, row->name);
        if (!file_is_directory(folder))
            strv_pushf(notes, "the instance \"%s\" was skipped: %s is missing", row->name, folder);
        else if (!add_instance(sources, row, list, error))
            return false;
    }
    return true;
}
