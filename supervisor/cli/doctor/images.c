#include "cli/doctor/images.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/change/trash.h"
#include "home/home.h"
#include "home/instance/recovery.h"
#include "home/layout.h"
#include "host/qcow2_file.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- images --- */

/* A copy of where it came from, if that is a file of the same size. */
static void mend_missing(const struct store_image *image, const char *path,
                         struct finding *finding) {
    struct stat origin;
    const char *from = image->origin ? image->origin : "";
    finding_fail(finding, "%s, the file of the image %s, is gone; it came from %s", path,
                 image->name, *from ? from : "an unknown place");
    if (from[0] == '/' && stat(from, &origin) == 0 && (uint64_t)origin.st_size == image->file_bytes)
        finding_mend(finding, "cp", from, path);
}

static void look_at_image(const struct store_image *image, const char *path,
                          struct finding *finding) {
    struct stat status;
    struct error error = {0};
    if (stat(path, &status) < 0) {
        mend_missing(image, path, finding);
    } else if (!qcow2_file_check(path, path, NULL, &error)) {
        finding_fail(finding, "the image %s: %s", image->name, error.text);
        finding_mend(finding, "pgsup", "image", "verify", image->name);
    } else if ((uint64_t)status.st_size != image->file_bytes) {
        finding_fail(finding, "the image %s has %llu byte%s instead of %llu: somebody changed it",
                     image->name, (unsigned long long)status.st_size,
                     name_plural((uint64_t)status.st_size), (unsigned long long)image->file_bytes);
        finding_mend(finding, "pgsup", "image", "verify", image->name);
    }
}

void images_files(const struct surroundings *surroundings, struct finding *finding) {
    size_t count = surroundings->images.count;
    finding_ok(finding, "%zu, with the files that they had", count);
    for (size_t i = 0; i < count && finding->verdict == VERDICT_OK; i++) {
        const struct store_image *image = &surroundings->images.items[i];
        scoped(alloc_release) char *path =
            alloc_printf("%s/" HOME_IMAGES "/%s", surroundings->home_path, image->file);
        look_at_image(image, path, finding);
    }
}

/* --- disks --- */

static void look_at_disk(const char *path, const char *images, const char *instance,
                         struct finding *finding) {
    struct error error = {0};
    if (qcow2_file_check(path, path, images, &error))
        return;
    finding_fail(finding, "%s cannot start: %s", instance, error.text);
}

void images_disks(const struct surroundings *surroundings, struct finding *finding) {
    const struct home home = {.path = surroundings->home_path};
    scoped(alloc_release) char *images = home_file(&home, HOME_IMAGES);
    finding_ok(finding, "each is there, on an image that is there");
    for (size_t i = 0; i < surroundings->instances.count; i++) {
        const struct store_instance *instance = &surroundings->instances.items[i];
        scoped(alloc_release) char *folder = home_instance_folder(&home, instance->name);
        scoped(alloc_release) char *system = layout_os_disk(&home, instance->name);
        if (!file_is_directory(folder))
            continue; /* another check says so */
        if (finding->verdict == VERDICT_OK)
            look_at_disk(system, images, instance->name, finding);
        if (finding->verdict != VERDICT_OK && !file_exists(system) && finding->mend.count == 0)
            finding_mend(finding, "pgsup", "instance", "rebuild", instance->name);
        const struct store_disks *disks = &surroundings->disks[i];
        for (size_t k = 0; k < disks->count && finding->verdict == VERDICT_OK; k++) {
            scoped(alloc_release) char *path =
                layout_extra_disk(&home, instance->name, disks->items[k].name);
            look_at_disk(path, images, instance->name, finding);
        }
    }
}

/* --- folders --- */

/* Asked anew, as the list is of a moment ago. unknown: the answer when the store has none. */
static bool is_instance_now(const struct surroundings *surroundings, const char *name,
                            bool unknown) {
    struct store *store = NULL;
    struct error error = {0};
    bool found = unknown;
    if (!store_open(surroundings->database, STORE_READ, &store, &error))
        return unknown;
    if (!instance_table_has(store, name, &found, &error))
        found = unknown;
    store_close(store);
    return found;
}

static bool is_locked(const char *folder) {
    return !file_folder_is_free(folder) && errno == EWOULDBLOCK;
}

/* Not while `remove` has moved the folder, which it keeps locked until the row is gone too: so the
 * row is asked for last. Nor between the row and the folder of a renaming, that may be interrupted.
 */
static bool is_gone(const struct surroundings *surroundings,
                    const struct store_instance *instance) {
    const struct home home = {.path = surroundings->home_path};
    scoped(alloc_release) char *folder = home_instance_folder(&home, instance->name);
    scoped(alloc_release) char *trashed = trash_place(&home, instance);
    if (file_is_directory(folder) || is_locked(trashed))
        return false;
    scoped(alloc_release) char *marked = recovery_find_renamed(&home, instance->id);
    return !marked && is_instance_now(surroundings, instance->name, true) &&
           !file_is_directory(folder);
}

/* By its name, or because a renaming has yet to move it. */
static bool is_of_instance(const struct surroundings *surroundings, const char *path,
                           const char *name) {
    for (size_t i = 0; i < surroundings->instances.count; i++) {
        const struct store_instance *instance = &surroundings->instances.items[i];
        scoped(alloc_release) char *mark = recovery_rename_mark(path, instance->id);
        if (strcmp(instance->name, name) == 0 || file_exists(mark))
            return true;
    }
    return false;
}

/* Whoever makes, renames, removes or restores an instance has its folder locked from before it has
 * its name until the row says so. */
static bool is_stranger(const struct surroundings *surroundings, const char *path,
                        const char *name) {
    return !is_of_instance(surroundings, path, name) && !is_locked(path) && file_exists(path) &&
           !is_instance_now(surroundings, name, false) && !is_locked(path) && file_exists(path);
}

static char *find_stranger(const struct surroundings *surroundings, const char *folder) {
    DIR *all = opendir(folder);
    char *found = NULL;
    struct dirent *entry;
    while (all && !found && (entry = readdir(all))) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && is_stranger(surroundings, path, entry->d_name))
            found = alloc_string(entry->d_name);
    }
    if (all)
        closedir(all);
    return found;
}

/* Each instance has a folder, and each folder an instance. */
void images_folders(const struct surroundings *surroundings, struct finding *finding) {
    const struct home home = {.path = surroundings->home_path};
    scoped(alloc_release) char *all = home_file(&home, HOME_INSTANCES);
    for (size_t i = 0; i < surroundings->instances.count; i++) {
        const char *name = surroundings->instances.items[i].name;
        if (!is_gone(surroundings, &surroundings->instances.items[i]))
            continue;
        scoped(alloc_release) char *folder = home_instance_folder(&home, name);
        finding_fail(finding, "the folder of the instance %s, %s, is gone", name, folder);
        finding_mend(finding, "pgsup", "instance", "remove", name);
        return;
    }
    scoped(alloc_release) char *stranger = find_stranger(surroundings, all);
    if (!stranger) {
        finding_ok(finding, "%zu, each with its folder", surroundings->instances.count);
        return;
    }
    scoped(alloc_release) char *path = alloc_printf("%s/%s", all, stranger);
    scoped(alloc_release) char *shown = name_printable(stranger, strlen(stranger), 100);
    scoped(alloc_release) char *away =
        alloc_printf("%s/%s.left-over", surroundings->home_path, stranger);
    finding_warn(finding, "%s/%s belongs to no instance", all, shown);
    finding_mend(finding, "mv", path, away);
}
