#include "home/change/instance_stage.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/access/known_hosts.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/instance/definition.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"
#include "home/instance/plan.h"
#include "store/transaction.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a new folder until its row is written for good: one that has it but no row is a left-over. */
#define MARKER ".incomplete"

enum { FOLDER_TRIES = 100 };

static void sweep(const struct home *home) {
    scoped(alloc_release) char *folder = home_file(home, HOME_INSTANCES);
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, CREATION_COMING, strlen(CREATION_COMING)) != 0 &&
            strncmp(entry->d_name, CREATION_GOING, strlen(CREATION_GOING)) != 0)
            continue;
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        scoped(file_release) int lock = file_lock_folder(path);
        if (lock >= 0)
            file_remove_tree(path, NULL);
    }
    if (list)
        closedir(list);
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
        scoped(alloc_release) char *folder =
            alloc_printf("%s/" HOME_INSTANCES "/" CREATION_COMING "XXXXXX", home);
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

/* A folder with the disks in it, which takes the longest, made before anybody is locked out. */
static bool stage(struct creation *creation, struct error *error) {
    const struct home *home = creation->home;
    if (!make_folder(creation, error))
        return false;
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, creation->folder);
    return home_give(home, creation->folder, error) && file_write(marker, "", 0, 0600, error) &&
           home_give(home, marker, error) && creation->fill(creation, error);
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

/* The forwards in the order in which the store has them: vm.sh names them so, ever after. */
static bool reserve_network(struct store *store, struct instance_facts *facts,
                            struct error *error) {
    if (!forward_reserve_all(store, &facts->instance, &facts->forwards, error) ||
        !nic_reserve_all(store, &facts->instance, &facts->nics, error))
        return false;
    store_forwards_done(&facts->forwards);
    return forward_table_list(store, facts->instance.id, &facts->forwards, error);
}

static bool record(struct creation *creation, struct error *error) {
    struct home *home = creation->home;
    struct instance_facts *facts = &creation->facts;
    struct instance_plan plan = {0};
    struct generated generated = {.home = home, .facts = facts};
    bool good = definition_claim(home->store, &facts->cloud, &facts->instance, error) &&
                instance_table_add(home->store, &facts->instance, error) &&
                reserve_network(home->store, facts, error) && move_in(creation, error) &&
                (!creation->record || creation->record(creation, error)) &&
                instance_plan_write(&generated, &plan, error) && store_commit(home->store, error);
    instance_plan_done(&plan);
    generated_done(&generated);
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
    known_hosts_collect(creation->home, NULL);
    return false;
}

bool creation_run(struct creation *creation, struct store_instance *made, struct error *error) {
    sweep(creation->home);
    creation->lock = -1;
    bool good = carry_out(creation, error);
    if (good) {
        *made = creation->facts.instance;
        creation->facts.instance = (struct store_instance){0};
    }
    file_release(&creation->lock);
    alloc_release(&creation->folder);
    return good;
}
