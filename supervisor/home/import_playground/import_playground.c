#include "home/import_playground/import_playground.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/secret.h"
#include "home/cloud/cloud.h"
#include "home/import_playground/import_backup.h"
#include "home/import_playground/import_images.h"
#include "home/import_playground/import_instances.h"
#include "home/instance/identity.h"
#include "home/instance/regenerate.h"
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
#define OWN_SPARED (1u << 16) /* new addresses that come before one that was taken over */

struct takeover {
    struct home home; /* store: the new one, while it is written */
    struct playground old;
    struct store_cloud cloud;
    struct store_images images;
    struct store_instances instances;
    struct takeover_report *report;
};

/* --- the cloud --- */

static bool read_cloud(struct takeover *takeover, const struct takeover_options *options,
                       struct error *error) {
    const struct playground *old = &takeover->old;
    const char *const public_keys[] = {
        options->ssh_public_key ? options->ssh_public_key : old->public_key_path, NULL};
    const struct cloud_options made = {
        .name = options->name ? options->name : old->name,
        .admin_password = old->admin_password,
        .ssh_public_keys = public_keys,
        .interface = old->host_if,
        .host_ip4 = old->host_ip4,
        .host_nm4 = old->host_nm4,
        .host_gw4 = old->host_gw4,
        .host_ns4 = old->host_ns4,
        .phone_home_port = old->ph_port,
    };
    return cloud_fill(&made, &takeover->cloud, error);
}

/* So that the addresses that pgsup makes, from the base and an id, do not meet those that were
 * there.
 */
static bool is_base_free(const struct takeover *takeover, uint32_t base) {
    int64_t last = 0;
    for (size_t i = 0; i < takeover->instances.count; i++)
        if (takeover->instances.items[i].id > last)
            last = takeover->instances.items[i].id;
    for (size_t i = 0; i < takeover->instances.count; i++) {
        unsigned a, b, c;
        const char *mac = takeover->instances.items[i].mac;
        if (strncmp(mac, OWN_PREFIX, strlen(OWN_PREFIX)) != 0 ||
            sscanf(mac + strlen(OWN_PREFIX), "%2x:%2x:%2x", &a, &b, &c) != 3)
            continue;
        uint32_t ahead = ((a << 16 | b << 8 | c) - base) & 0xFFFFFF;
        if (ahead <= (uint32_t)last + OWN_SPARED)
            return false;
    }
    return true;
}

static void choose_base(struct takeover *takeover) {
    for (int i = 0; i < 1000 && !is_base_free(takeover, takeover->cloud.mac_base); i++)
        secret_random(&takeover->cloud.mac_base, sizeof takeover->cloud.mac_base);
}

static bool read_all(struct takeover *takeover, const struct takeover_options *options,
                     struct error *error) {
    scoped(alloc_release) char *database = home_file(&takeover->home, HOME_DATABASE);
    const struct takeover_sources sources = {&takeover->home, &takeover->old, &takeover->cloud,
                                             &takeover->images};
    if (!playground_read(database, &takeover->old, error) ||
        !read_cloud(takeover, options, error) ||
        !takeover_images_read(&takeover->home, &takeover->images, &takeover->report->notes,
                              error) ||
        !takeover_instances_read(&sources, &takeover->instances, &takeover->report->notes, error))
        return false;
    choose_base(takeover);
    for (size_t i = 0; i < takeover->instances.count; i++)
        identity_assign(&takeover->cloud, &takeover->instances.items[i]);
    return true;
}

/* --- writing --- */

static bool add_rows(struct takeover *takeover, struct error *error) {
    struct store *store = takeover->home.store;
    bool good = store_begin(store, error) && cloud_table_put(store, &takeover->cloud, error);
    for (size_t i = 0; good && i < takeover->images.count; i++)
        good = image_table_add(store, &takeover->images.items[i], error);
    for (size_t i = 0; good && i < takeover->instances.count; i++)
        good = instance_table_add(store, &takeover->instances.items[i], error);
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
static bool write_store(struct takeover *takeover, struct error *error) {
    scoped(alloc_release) char *staged = home_file(&takeover->home, STAGED);
    remove_staged(&takeover->home); /* of a take-over that was killed */
    bool good =
        store_open(staged, STORE_CREATE, &takeover->home.store, error) && add_rows(takeover, error);
    store_close(takeover->home.store);
    takeover->home.store = NULL;
    return good;
}

static bool commit(struct takeover *takeover, struct error *error) {
    scoped(alloc_release) char *staged = home_file(&takeover->home, STAGED);
    scoped(alloc_release) char *database = home_file(&takeover->home, HOME_DATABASE);
    if (!takeover_backup_make(&takeover->home, &takeover->instances, error))
        return false;
    if (write_store(takeover, error)) {
        if (rename(staged, database) == 0)
            return true;
        error_errno(error, "cannot write %s", database);
    }
    remove_staged(&takeover->home);
    takeover_backup_remove(&takeover->home);
    return false;
}

/* --- afterwards: what a first start would do too --- */

static void close_folders(const struct takeover *takeover) {
    scoped(alloc_release) char *images = home_file(&takeover->home, HOME_IMAGES);
    scoped(alloc_release) char *instances = home_file(&takeover->home, HOME_INSTANCES);
    chmod(takeover->home.path, 0700);
    chmod(images, 0700);
    chmod(instances, 0700);
    for (size_t i = 0; i < takeover->instances.count; i++) {
        scoped(alloc_release) char *folder =
            home_instance_folder(&takeover->home, takeover->instances.items[i].name);
        chmod(folder, 0700);
    }
}

static void write_instances(struct takeover *takeover) {
    struct home home = {0};
    struct error problem = {0};
    if (!home_open(takeover->home.path, &home, &problem))
        return;
    for (size_t i = 0; i < takeover->instances.count; i++) {
        const char *name = takeover->instances.items[i].name;
        scoped(alloc_release) char *notice = NULL;
        error_clear(&problem);
        if (!instance_regenerate_now(&home, name, &notice, &problem))
            strv_pushf(&takeover->report->notes,
                       "the seed and vm.sh of \"%s\" will be written at its first start: %s", name,
                       problem.text);
    }
    home_close(&home);
}

static bool run(struct takeover *takeover, const struct takeover_options *options,
                struct error *error) {
    struct takeover_report *report = takeover->report;
    scoped(alloc_release) char *database = home_file(&takeover->home, HOME_DATABASE);
    enum playground_kind kind = playground_kind(database, error);
    report->before = kind == PLAYGROUND_PGSUP && takeover_backup_exists(&takeover->home);
    if (kind == PLAYGROUND_UNREADABLE)
        return false;
    if (kind == PLAYGROUND_PGSUP && !report->before)
        return error_set(error, ERROR_WRONG_STATE,
                         "%s is a home of pgsup already: there is nothing to take over",
                         takeover->home.path);
    if (!report->before) {
        if (!read_all(takeover, options, error) || !commit(takeover, error))
            return false;
        report->cloud = alloc_string(takeover->cloud.name);
        report->instances = takeover->instances.count;
        report->images = takeover->images.count;
    }
    if (!takeover_backup_sweep(&takeover->home, error))
        return error_prefix(error, "taken over, but it could not be cleaned up");
    close_folders(takeover);
    write_instances(takeover);
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
                               "there is no %s: name the folder of an mrmat-playground", home->path)
                   : error_errno(error, "cannot open the home %s", home->path);
    if (!S_ISDIR(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is not a folder", home->path);
    home->owner = status.st_uid;
    home->group = status.st_gid;
    return cloud_check_folder(home->path, error);
}

bool takeover_run(const char *path, const struct takeover_options *options,
                  struct takeover_report *report, struct error *error) {
    struct takeover takeover = {.report = report};
    char real[PATH_MAX];
    scoped(file_release) int lock = -1;
    *report = (struct takeover_report){0};
    bool good = open_home(path, &takeover.home, error);
    if (good) {
        lock = realpath(takeover.home.path, real) ? file_lock_folder(real) : -1;
        good = lock >= 0 || error_set(error, ERROR_WRONG_STATE, "another pgsup is at work in %s",
                                      takeover.home.path);
        good = good && run(&takeover, options, error);
    }
    report->path = alloc_string(takeover.home.path);
    report->backup = home_file(&takeover.home, TAKEOVER_BACKUP);
    playground_done(&takeover.old);
    store_cloud_done(&takeover.cloud);
    store_images_done(&takeover.images);
    store_instances_done(&takeover.instances);
    free(takeover.home.path);
    return good;
}

void takeover_report_done(struct takeover_report *report) {
    free(report->path);
    free(report->backup);
    free(report->cloud);
    strv_done(&report->notes);
    *report = (struct takeover_report){0};
}
