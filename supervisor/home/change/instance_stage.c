#include "home/change/instance_stage.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/access/known_hosts.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/instance/definition.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"
#include "home/instance/nic_reserve.h"
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

/* Of one whose row is written, and whose maker was killed before it removed the marker: with it the
 * folder would be taken for a left-over, should the store ever lose the row. */
static void sweep_marker(const struct home *home, const char *name) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, folder);
    struct store_instance instance = {0};
    if (file_exists(marker) && instance_table_get(home->store, name, &instance, &(struct error){0}))
        unlink(marker);
    store_instance_done(&instance);
}

static void sweep(const struct home *home) {
    scoped(alloc_release) char *folder = home_file(home, HOME_INSTANCES);
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, INSTANCE_STAGE_STAGING, strlen(INSTANCE_STAGE_STAGING)) != 0 &&
            strncmp(entry->d_name, INSTANCE_STAGE_TRASH, strlen(INSTANCE_STAGE_TRASH)) != 0) {
            if (entry->d_name[0] != '.')
                sweep_marker(home, entry->d_name);
            continue;
        }
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        file_remove_unlocked(path);
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
static bool make_folder(struct instance_stage *stage, struct error *error) {
    const char *home = stage->home->path;
    for (int i = 0; i < FOLDER_TRIES; i++) {
        scoped(alloc_release) char *folder =
            alloc_printf("%s/" HOME_INSTANCES "/" INSTANCE_STAGE_STAGING "XXXXXX", home);
        if (!mkdtemp(folder))
            return error_errno(error, "cannot create a folder in %s/instances", home);
        stage->lock = file_lock_folder(folder);
        if (stage->lock >= 0 && is_still_at(stage->lock, folder)) {
            stage->folder = alloc_string(folder);
            return true;
        }
        file_release(&stage->lock);
    }
    return error_set(error, ERROR_FAILED,
                     "new folders in %s/instances disappear immediately: does another program "
                     "remove them?",
                     home);
}

/* Nobody can be making this one now: the store is locked and has no row of this name. */
static bool clear_way(const char *path, struct error *error) {
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, path);
    if (!file_exists(path))
        return true;
    if (file_exists(marker))
        return file_remove_tree(path, error);
    return error_set(error, ERROR_EXISTS, "%s exists but belongs to no instance: move it away",
                     path);
}

static bool move_in(struct instance_stage *stage, struct error *error) {
    scoped(alloc_release) char *path =
        home_instance_folder(stage->home, stage->facts.instance.name);
    if (!clear_way(path, error))
        return false;
    if (rename(stage->folder, path) < 0)
        return error_errno(error, "cannot create the folder %s", path);
    alloc_replace(&stage->folder, alloc_string(path));
    return true;
}

/* The forwards in the order in which the store has them: vm.sh names them so, ever after. */
static bool reserve_network(struct store *store, struct instance_facts *facts,
                            struct error *error) {
    if (!forward_reserve_all(store, &facts->instance, &facts->forwards, error))
        return error_about(error, "forwards");
    if (!nic_reserve_all(store, &facts->instance, &facts->nics, error))
        return error_about(error, "nics");
    store_forwards_done(&facts->forwards);
    return forward_table_list(store, facts->instance.id, &facts->forwards, error);
}

bool instance_stage_reserve(struct instance_stage *stage, struct error *error) {
    struct store *store = stage->home->store;
    struct instance_facts *facts = &stage->facts;
    return definition_reserve(store, facts, error) &&
           instance_table_add(store, &facts->instance, error) &&
           reserve_network(store, facts, error);
}

static bool stage_record(struct instance_stage *stage, struct error *error) {
    struct home *home = stage->home;
    struct instance_facts *facts = &stage->facts;
    struct instance_plan plan = {0};
    struct sync_ahead_list ahead = {0};
    struct generated generated = {.home = home, .facts = facts, .ahead = &ahead};
    bool good = instance_stage_reserve(stage, error) && move_in(stage, error) &&
                (!stage->record || stage->record(stage, error)) &&
                instance_plan_write(&generated, &plan, error);
    good = sync_ahead_all(&ahead, good ? error : NULL) && good && store_commit(home->store, error);
    instance_plan_done(&plan);
    generated_done(&generated);
    return good;
}

static void release(struct instance_stage *stage) {
    file_release(&stage->lock);
    alloc_release(&stage->marker);
    alloc_release(&stage->folder);
}

void instance_stage_abandon(struct instance_stage *stage) {
    sync_ahead_drop(&stage->marking);
    if (stage->folder)
        file_remove_tree(stage->folder, NULL);
    release(stage);
}

/* The disks, which take the longest, are made in the folder before anybody is locked out. */
bool instance_stage_begin(struct instance_stage *stage, struct error *error) {
    sweep(stage->home);
    stage->lock = -1;
    if (!make_folder(stage, error))
        return false;
    stage->marker = alloc_printf("%s/" MARKER, stage->folder);
    if (file_put(stage->marker, "", 0, 0600, error)) {
        sync_ahead_begin(&stage->marking, stage->marker);
        return true;
    }
    instance_stage_abandon(stage);
    return false;
}

/* The folder goes while the store is still locked: after that the name is anybody's. */
static bool stage_settle(struct instance_stage *stage, struct error *error) {
    struct store *store = stage->home->store;
    if (store_begin(store, error) && stage_record(stage, error)) {
        scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, stage->folder);
        unlink(marker);
        return true;
    }
    file_remove_tree(stage->folder, NULL);
    store_rollback(store);
    known_hosts_collect(stage->home, NULL);
    return false;
}

bool instance_stage_end(struct instance_stage *stage, struct store_instance *made,
                        struct error *error) {
    if (!sync_ahead_end(&stage->marking, error)) {
        instance_stage_abandon(stage);
        return false;
    }
    bool good = stage_settle(stage, error);
    if (good) {
        *made = stage->facts.instance;
        stage->facts.instance = (struct store_instance){0};
    }
    release(stage);
    return good;
}

bool instance_stage_run(struct instance_stage *stage, struct store_instance *made,
                        struct error *error) {
    if (!instance_stage_begin(stage, error))
        return false;
    if (stage->fill(stage, error))
        return instance_stage_end(stage, made, error);
    instance_stage_abandon(stage);
    return false;
}
