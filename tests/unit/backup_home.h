/* A cloud home with an instance "test" that is backed up to a folder, for tests. */
#pragma once

#include "cloud_home.h"
#include "home/backup/backup_make.h"
#include "home/backup/backup_restore.h"
#include "home/change/disk_change.h"
#include "home/change/home_edit.h"
#include "test.h"

static struct home home;
static char *out; /* where backups are made */

static inline void begin(const char *name, struct store_instance *made) {
    struct cloud_options cloud = user_options();
    struct instance_create_options options = {
        .name = "test", .image = "base", .ram = "64", .disk = "96M", .seed = "drive"};
    struct error error = {0};
    make_home(name, &cloud, &home);
    make_instance(&home, &options, made);
    scoped(alloc_release) char *folder = alloc_printf("%s-out", name);
    alloc_replace(&out, scratch_path(folder));
    check_good(file_make_directory(out, 0700, &error), &error);
}

static inline void end(struct store_instance *made) {
    store_instance_done(made);
    home_close(&home);
    alloc_release(&out);
}

static inline char *disk_of(const char *instance, const char *file) {
    return alloc_printf("%s/instances/%s/%s", home.path, instance, file);
}

static inline void write_disk(const char *instance, const char *file, const char *command) {
    scoped(alloc_release) char *disk = disk_of(instance, file);
    char *argv[] = {"qemu-io", "-f", "qcow2", "-c", (char *)command, disk, NULL};
    run_program(argv);
}

static inline bool disk_reads(const char *instance, const char *file, const char *command) {
    scoped(alloc_release) char *disk = disk_of(instance, file);
    scoped(buffer_done) struct buffer output = {0};
    char *argv[] = {"qemu-io", "-f", "qcow2", "-c", (char *)command, disk, NULL};
    return program_run(argv, 60000, &output, NULL);
}

/* Caller frees the path of the backup. */
static inline char *back_up(enum backup_kind kind) {
    struct backup_options options = {.folder = out, .kind = kind, .pgsup = "1.0"};
    struct backup_making making = {.home = &home, .options = &options, .lock = -1};
    struct error error = {0};
    check_good(backup_begin(&making, "test", &error) && backup_copy_disks(&making, &error) &&
                   backup_finish(&making, BACKUP_STOPPED, &error),
               &error);
    char *path = alloc_string(making.final);
    backup_end(&making);
    return path;
}

static inline bool restore_to(struct home *where, const char *folder, const char *as,
                              struct store_instance *made, struct error *error) {
    struct backup_manifest manifest;
    struct backup_restore restore = {where, folder, &manifest, {0}};
    bool good = backup_restore_open(folder, &manifest, error) &&
                backup_restore_new(&restore, as, made, error);
    strv_done(&restore.notes);
    backup_manifest_done(&manifest);
    return good;
}

static inline bool put_back(const char *folder, const struct store_instance *instance,
                            struct error *error) {
    struct backup_manifest manifest;
    struct backup_restore restore = {&home, folder, &manifest, {0}};
    bool good = backup_restore_open(folder, &manifest, error) &&
                backup_restore_replace(&restore, instance, error);
    strv_done(&restore.notes);
    backup_manifest_done(&manifest);
    return good;
}

static inline void add_data_disk(void) {
    struct home_edit edit = {.home = &home, .instance = "test"};
    struct error error = {0};
    check_good(disk_change_add(&edit, "data", "8M", &error), &error);
    alloc_release(&edit.notice);
}
