#include "home/instance.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/definition.h"
#include "home/disk.h"
#include "home/forward.h"
#include "home/instance_plan.h"
#include "home/run_folder.h"
#include "store/guest_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_IMAGE "ubuntu-jammy"

/* Folders on their way in and out, beside the instances. Whoever works on one holds a lock on it;
 * one that nobody has locked was left by a process that was killed. */
#define COMING ".new-"
#define GOING  ".old-"

/* In a new folder until its row is written for good: one that has it but no row is a left-over. */
#define MARKER ".incomplete"

enum { FOLDER_TRIES = 100 };

static void sweep(const struct home *home) {
    scoped(alloc_release) char *folder = home_file(home, "instances");
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, COMING, strlen(COMING)) != 0 &&
            strncmp(entry->d_name, GOING, strlen(GOING)) != 0)
            continue;
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        scoped(file_release) int lock = file_lock_folder(path);
        if (lock >= 0)
            file_remove_tree(path, NULL);
    }
    if (list)
        closedir(list);
}

/* --- creation --- */

struct creation {
    struct home *home;
    struct instance_facts facts;
    char *const *forwards; /* as asked for; NULL: none */
    char *folder;          /* where it is now: staged, later final; NULL: not made */
    int lock;
};

static bool check(struct creation *creation, const struct instance_options *options,
                  struct error *error) {
    struct store *store = creation->home->store;
    struct instance_facts *facts = &creation->facts;
    if (!options->name)
        return error_set(error, ERROR_USAGE, "the instance needs a name");
    return name_check_label("instance name", options->name, error) &&
           run_folder_check_name(creation->home->run, options->name, error) &&
           definition_check_free(store, options->name, error) &&
           cloud_table_get(store, &facts->cloud, error) &&
           image_table_get(store, options->image ? options->image : DEFAULT_IMAGE, &facts->image,
                           error) &&
           definition_check(options, &facts->cloud, &facts->image, &facts->instance, error) &&
           startup_apply(store, &options->startup, &facts->instance, error);
}

static bool is_still_at(int fd, const char *path) {
    struct stat held, there;
    return fstat(fd, &held) == 0 && lstat(path, &there) == 0 && held.st_dev == there.st_dev &&
           held.st_ino == there.st_ino;
}

/* Between the making of a folder and the lock on it, another process may take it for a left-over
 * and sweep it away: then the next one is tried. */
static bool make_folder(struct creation *creation, struct error *error) {
    const char *home = creation->home->path;
    for (int i = 0; i < FOLDER_TRIES; i++) {
        scoped(alloc_release) char *folder = alloc_printf("%s/instances/" COMING "XXXXXX", home);
        if (!mkdtemp(folder))
            return error_errno(error, "cannot make a folder in %s/instances", home);
        creation->lock = file_lock_folder(folder);
        if (creation->lock >= 0 && is_still_at(creation->lock, folder)) {
            creation->folder = alloc_string(folder);
            return true;
        }
        file_release(&creation->lock);
    }
    return error_set(error, ERROR_FAILED,
                     "new folders in %s/instances disappear at once: what else works there?", home);
}

/* A folder with the disk in it, which takes the longest, made before anybody is locked out. */
static bool stage(struct creation *creation, struct error *error) {
    const struct home *home = creation->home;
    scoped(alloc_release) char *image = instance_image_path(home, &creation->facts.image);
    if (!make_folder(creation, error))
        return false;
    const char *folder = creation->folder;
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, folder);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    return home_give(home, folder, error) && file_write(marker, "", 0, 0600, error) &&
           home_give(home, marker, error) &&
           disk_create_overlay(disk, image, creation->facts.instance.disk_bytes, error) &&
           home_give(home, disk, error);
}

/* Nobody can be making this one now: the store is locked and has no row of this name. */
static bool clear_way(const char *path, struct error *error) {
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, path);
    if (!file_exists(path))
        return true;
    if (file_exists(marker))
        return file_remove_tree(path, error);
    return error_set(error, ERROR_EXISTS, "%s is in the way, but of no instance: move it away",
                     path);
}

static bool move_in(struct creation *creation, struct error *error) {
    scoped(alloc_release) char *path =
        home_instance_folder(creation->home, creation->facts.instance.name);
    if (!clear_way(path, error))
        return false;
    if (rename(creation->folder, path) < 0)
        return error_errno(error, "cannot make the folder %s", path);
    alloc_replace(&creation->folder, alloc_string(path));
    return true;
}

static bool record(struct creation *creation, struct error *error) {
    struct home *home = creation->home;
    struct instance_facts *facts = &creation->facts;
    struct instance_plan plan = {0};
    bool good = definition_claim(home->store, &facts->cloud, &facts->instance, error) &&
                instance_table_add(home->store, &facts->instance, error) &&
                forward_claim(home->store, facts->instance.id, creation->forwards, error) &&
                forward_table_list(home->store, facts->instance.id, &facts->forwards, error) &&
                move_in(creation, error) && instance_plan_write(home, facts, &plan, error) &&
                store_commit(home->store, error);
    instance_plan_done(&plan);
    return good;
}

/* The folder goes while the store is still locked: after that the name is anybody's. */
static bool carry_out(struct creation *creation, struct error *error) {
    struct store *store = creation->home->store;
    if (stage(creation, error) && store_begin(store, error) && record(creation, error)) {
        scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, creation->folder);
        unlink(marker);
        return true;
    }
    if (creation->folder)
        file_remove_tree(creation->folder, NULL);
    store_rollback(store);
    return false;
}

bool instance_create(struct home *home, const struct instance_options *options,
                     struct store_instance *made, struct error *error) {
    struct creation creation = {.home = home, .forwards = options->forwards, .lock = -1};
    bool good = check(&creation, options, error);
    if (good) {
        sweep(home);
        good = carry_out(&creation, error);
    }
    if (good) {
        *made = creation.facts.instance;
        creation.facts.instance = (struct store_instance){0};
    }
    file_release(&creation.lock);
    alloc_release(&creation.folder);
    instance_facts_done(&creation.facts);
    return good;
}

/* --- removal --- */

/* NAME.TAG.KIND, and names have no dot: of an instance called "pgsup" too, not the supervisor's
 * pgsup.sock. */
static bool is_run_file(const char *file, const char *name) {
    size_t length = strlen(name);
    return strncmp(file, name, length) == 0 && file[length] == '.' &&
           strchr(file + length + 1, '.') != NULL;
}

static void remove_run_files(const struct home *home, const char *name) {
    DIR *list = opendir(home->run);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", home->run, entry->d_name);
        if (is_run_file(entry->d_name, name))
            unlink(path);
    }
    if (list)
        closedir(list);
}

static bool remove_row(struct home *home, int64_t id, struct error *error) {
    if (store_begin(home->store, error) && instance_table_remove(home->store, id, error) &&
        store_commit(home->store, error))
        return true;
    store_rollback(home->store);
    return false;
}

/* The folder is renamed first, so that what is seen under the instance's name is whole or gone. */
bool instance_remove(struct home *home, const struct store_instance *instance,
                     struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *going = alloc_printf("%s/instances/" GOING "%s-%lld", home->path,
                                                     instance->name, (long long)instance->id);
    scoped(file_release) int lock = file_lock_folder(folder);
    bool present = file_exists(folder);
    if (present && lock < 0)
        return error_set(error, ERROR_WRONG_STATE, "another process is at work on %s", folder);
    if (present && rename(folder, going) < 0)
        return error_errno(error, "cannot remove %s", folder);
    if (!remove_row(home, instance->id, error)) {
        if (present)
            rename(going, folder);
        return false;
    }
    remove_run_files(home, instance->name);
    return file_remove_tree(going, error);
}

/* --- where it is reached --- */

bool instance_endpoint(struct home *home, const struct store_instance *instance,
                       struct instance_endpoint *endpoint, struct error *error) {
    struct store_guest guest = {0};
    const char *address = instance->ssh_port ? "127.0.0.1" : instance->ip4;
    endpoint->port = instance->ssh_port ? instance->ssh_port : 22;
    if (!address && !guest_table_get(home->store, instance->id, &guest, error))
        return false;
    if (!address && guest.address)
        address = guest.address;
    snprintf(endpoint->address, sizeof endpoint->address, "%s", address ? address : "");
    store_guest_done(&guest);
    return true;
}
