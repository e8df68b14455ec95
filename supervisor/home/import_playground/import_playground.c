#include "home/import_playground/import_playground.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/secret.h"
#include "home/cloud/cloud.h"
#include "home/cloud/cloud_inputs.h"
#include "home/import_playground/import_backup.h"
#include "home/import_playground/import_images.h"
#include "home/import_playground/import_instances.h"
#include "home/instance/identity.h"
#include "home/instance/regenerate.h"
#include "home/place.h"
#include "store/playground.h"
#include "store/transaction.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGED HOME_DATABASE ".new"

#define OWN_PREFIX "52:54:00:"
#define OWN_SPARED (1u << 16) /* new addresses that come before one that was imported */

struct import {
    struct home home; /* store: the new one, while it is written */
    struct playground old;
    struct store_cloud cloud;
    struct store_images images;
    struct store_instances instances;
    struct import_playground_report *report;
};

/* --- the cloud --- */

static bool read_cloud(struct import *import, const struct import_playground_options *options,
                       struct error *error) {
    const struct playground *old = &import->old;
    const char *const public_keys[] = {
        options->ssh_public_key ? options->ssh_public_key : old->public_key_path, NULL};
    const struct cloud_options made = {
        .name = options->name ? options->name : old->name,
        .admin_password = old->admin_password,
        .ssh_public_keys = public_keys,
        .network = {.interface = old->host_if,
                    .host_ip4 = old->host_ip4,
                    .host_nm4 = old->host_nm4,
                    .host_gw4 = old->host_gw4,
                    .host_ns4 = old->host_ns4,
                    .any_host = true},
        .phone_home_port = old->ph_port,
    };
    struct cloud_inputs inputs = {0};
    bool good = cloud_fill(&made, &import->cloud, &inputs, error);
    cloud_inputs_done(&inputs);
    return good;
}

/* So that the addresses that pgsup makes, from the base and an id, do not meet those that were
 * there.
 */
static bool is_base_free(const struct import *import, uint32_t base) {
    int64_t last = 0;
    for (size_t i = 0; i < import->instances.count; i++)
        if (import->instances.items[i].id > last)
            last = import->instances.items[i].id;
    for (size_t i = 0; i < import->instances.count; i++) {
        unsigned a, b, c;
        const char *mac = import->instances.items[i].mac;
        if (strncmp(mac, OWN_PREFIX, strlen(OWN_PREFIX)) != 0 ||
            sscanf(mac + strlen(OWN_PREFIX), "%2x:%2x:%2x", &a, &b, &c) != 3)
            continue;
        uint32_t ahead = ((a << 16 | b << 8 | c) - base) & 0xFFFFFF;
        if (ahead <= (uint32_t)last + OWN_SPARED)
            return false;
    }
    return true;
}

static void choose_base(struct import *import) {
    for (int i = 0; i < 1000 && !is_base_free(import, import->cloud.mac_base); i++)
        secret_random(&import->cloud.mac_base, sizeof import->cloud.mac_base);
}

static bool read_all(struct import *import, const struct import_playground_options *options,
                     struct error *error) {
    scoped(alloc_release) char *database = home_file(&import->home, HOME_DATABASE);
    const struct import_sources sources = {&import->home, &import->old, &import->cloud,
                                           &import->images};
    if (!playground_read(database, &import->old, error) || !read_cloud(import, options, error) ||
        !import_images_read(&import->home, &import->images, &import->report->notes, error) ||
        !import_instances_read(&sources, &import->instances, &import->report->notes, error))
        return false;
    choose_base(import);
    for (size_t i = 0; i < import->instances.count; i++)
        identity_assign(&import->cloud, &import->instances.items[i]);
    return true;
}

/* --- writing --- */

static bool add_rows(struct import *import, struct error *error) {
    struct store *store = import->home.store;
    bool good = store_begin(store, error) && cloud_table_put(store, &import->cloud, error) &&
                place_record(store, import->home.path, error);
    for (size_t i = 0; good && i < import->images.count; i++)
        good = image_table_add(store, &import->images.items[i], error);
    for (size_t i = 0; good && i < import->instances.count; i++)
        good = instance_table_add(store, &import->instances.items[i], error);
    if (good && store_commit(store, error))
        return true;
    store_rollback(store);
    return false;
}

static void remove_staged(const struct home *home) {
    static const char *const names[] = {STAGED, STAGED "-wal", STAGED "-shm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scoped(alloc_release) char *path = home_file(home, names[i]);
        unlink(path);
    }
}

/* A database that never held the password, so that no page of it can. */
static bool write_store(struct import *import, struct error *error) {
    scoped(alloc_release) char *staged = home_file(&import->home, STAGED);
    remove_staged(&import->home); /* of a import that was killed */
    bool good =
        store_open(staged, STORE_CREATE, &import->home.store, error) && add_rows(import, error);
    store_close(import->home.store);
    import->home.store = NULL;
    return good;
}

static bool commit(struct import *import, struct error *error) {
    scoped(alloc_release) char *staged = home_file(&import->home, STAGED);
    scoped(alloc_release) char *database = home_file(&import->home, HOME_DATABASE);
    if (!import_backup_make(&import->home, &import->instances, error))
        return false;
    if (write_store(import, error)) {
        if (rename(staged, database) == 0)
            return true;
        error_errno(error, "cannot write %s", database);
    }
    remove_staged(&import->home);
    import_backup_remove(&import->home);
    return false;
}

/* --- afterwards: what a first start would do too --- */

static void close_folders(const struct import *import) {
    scoped(alloc_release) char *images = home_file(&import->home, HOME_IMAGES);
    scoped(alloc_release) char *instances = home_file(&import->home, HOME_INSTANCES);
    chmod(import->home.path, 0700);
    chmod(images, 0700);
    chmod(instances, 0700);
    for (size_t i = 0; i < import->instances.count; i++) {
        scoped(alloc_release) char *folder =
            home_instance_folder(&import->home, import->instances.items[i].name);
        chmod(folder, 0700);
    }
}

static void write_instances(struct import *import) {
    struct home home = {0};
    struct error problem = {0};
    if (!home_open(import->home.path, &home, &problem))
        return;
    for (size_t i = 0; i < import->instances.count; i++) {
        const char *name = import->instances.items[i].name;
        scoped(alloc_release) char *notice = NULL;
        error_clear(&problem);
        if (!instance_regenerate_now(&home, name, &notice, &problem))
            strv_pushf(&import->report->notes,
                       "the seed and vm.sh of \"%s\" will be created at its first start: %s", name,
                       problem.text);
    }
    home_close(&home);
}

static bool run(struct import *import, const struct import_playground_options *options,
                struct error *error) {
    struct import_playground_report *report = import->report;
    scoped(alloc_release) char *database = home_file(&import->home, HOME_DATABASE);
    enum playground_kind kind = playground_kind(database, error);
    report->before = kind == PLAYGROUND_PGSUP && import_backup_exists(&import->home);
    if (kind == PLAYGROUND_UNREADABLE)
        return false;
    if (kind == PLAYGROUND_PGSUP && !report->before)
        return error_set(error, ERROR_WRONG_STATE,
                         "%s is already a home of pgsup: there is nothing to import",
                         import->home.path);
    if (!report->before) {
        if (!read_all(import, options, error) || !commit(import, error))
            return false;
        report->cloud = alloc_string(import->cloud.name);
        report->instances = import->instances.count;
        report->images = import->images.count;
    }
    if (!import_backup_sweep(&import->home, error))
        return error_prefix(error, "imported, but the old files could not be removed");
    close_folders(import);
    write_instances(import);
    return true;
}

static bool open_home(const char *path, struct home *home, struct error *error) {
    struct stat status;
    home->path = home_default_path(path);
    if (!cloud_check_path(home->path, error))
        return false;
    if (stat(home->path, &status) < 0)
        return errno == ENOENT
                   ? error_set(error, ERROR_NOT_FOUND,
                               "%s does not exist: give the folder of an mrmat-playground",
                               home->path)
                   : error_errno(error, "cannot open the home %s", home->path);
    if (!S_ISDIR(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is not a folder", home->path);
    return home_check_owner(home->path, status.st_uid, error) &&
           cloud_check_folder(home->path, error);
}

bool import_playground_run(const char *path, const struct import_playground_options *options,
                           struct import_playground_report *report, struct error *error) {
    struct import import = {.report = report};
    char real[PATH_MAX];
    scoped(file_release) int lock = -1;
    *report = (struct import_playground_report){0};
    bool good = open_home(path, &import.home, error);
    if (good) {
        lock = realpath(import.home.path, real) ? file_lock_folder(real) : -1;
        good = lock >= 0 || error_set(error, ERROR_WRONG_STATE, "another pgsup is working in %s",
                                      import.home.path);
        good = good && run(&import, options, error);
    }
    report->path = alloc_string(import.home.path);
    report->backup = home_file(&import.home, IMPORT_BACKUP_FOLDER);
    playground_done(&import.old);
    store_cloud_done(&import.cloud);
    store_images_done(&import.images);
    store_instances_done(&import.instances);
    free(import.home.path);
    return good;
}

void import_playground_report_done(struct import_playground_report *report) {
    free(report->path);
    free(report->backup);
    free(report->cloud);
    strv_done(&report->notes);
    *report = (struct import_playground_report){0};
}
