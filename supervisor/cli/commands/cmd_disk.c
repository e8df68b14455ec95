/* disk add, list and remove. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/input/confirmation.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_status.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/change/disk_change.h"
#include "home/change/home_edit.h"
#include "home/home.h"
#include "home/instance/host_limits.h"
#include "home/layout.h"
#include "home/snapshot/suspension.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* --- add --- */

static const struct option_spec change_options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

static int run_disk_add(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *disk = invocation_argument(invocation, 1);
    struct store_instance instance = {0};
    struct running running = {0};
    struct home_edit edit = {.home = invocation->home, .instance = name};
    bool added = disk_change_add(&edit, disk, invocation_argument(invocation, 2), error);
    invocation_notice(edit.notice);
    if (!added)
        return EXIT_FAILURE;
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                vm_status_find(invocation->home, &instance, &running, error);
    if (good)
        printf("%s: its guest finds the disk as /dev/disk/by-id/virtio-%s%s\n", name, disk,
               running.name ? ", from its next start on" : "");
    invocation_notes(host_limits_remarks(invocation->home, name));
    running_done(&running);
    store_instance_done(&instance);
    return EXIT_SUCCESS;
}

/* --- remove --- */

static const struct option_spec remove_options[] = {CONFIRMATION_OPTION, INSTANCE_REPORT_OPTION,
                                                    OPTIONS_END};

static bool ask_disk(const struct invocation *invocation, const char *name, const char *disk,
                     struct error *error) {
    scoped(alloc_release) char *path = layout_extra_disk(invocation->home, name, disk);
    struct stat status = {0};
    char size[32];
    if (stat(path, &status) < 0) /* the removal says what is wrong */
        return true;
    name_format_size((uint64_t)status.st_blocks * 512, size);
    scoped(alloc_release) char *loss =
        alloc_printf("the disk \"%s\" of \"%s\", %s, will be lost", disk, name, size);
    return confirmation_ask(invocation, loss, error);
}

static int run_disk_remove(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *disk = invocation_argument(invocation, 1);
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    struct home_edit edit = {.home = invocation->home, .instance = name};
    bool removed = stopped_instance_lock_suspended(invocation, name, &instance, &lock, error) &&
                   suspension_check_disk(invocation->home, name, disk, error) &&
                   ask_disk(invocation, name, disk, error) &&
                   disk_change_remove(&edit, disk, error);
    invocation_notice(edit.notice);
    store_instance_done(&instance);
    if (!removed)
        return EXIT_FAILURE;
    printf("%s: disk \"%s\" removed\n", name, disk);
    return EXIT_SUCCESS;
}

/* --- list --- */

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array"},
    ROWS_NAMES_OPTION,
    OPTIONS_END,
};

static bool add_disk_rows(const struct home *home, const struct store_instance *instance,
                          json_t *rows, struct error *error) {
    struct store_disks disks = {0};
    bool good = disk_table_list(home->store, instance->id, &disks, error);
    for (size_t i = 0; i < disks.count; i++) {
        const struct store_disk *disk = &disks.items[i];
        scoped(alloc_release) char *path = layout_extra_disk(home, instance->name, disk->name);
        json_t *row = json_object();
        json_object_set_new(row, "instance", json_output_text(instance->name));
        json_object_set_new(row, "name", json_output_text(disk->name));
        json_object_set_new(row, "bytes", json_integer((json_int_t)disk->bytes));
        json_object_set_new(row, "file", json_output_text(path));
        json_object_set_new(row, "created", json_output_time(disk->created_ms));
        json_array_append_new(rows, row);
    }
    store_disks_done(&disks);
    return good;
}

static const struct rows_column disk_columns[] = {
    {"INSTANCE", .key = "instance"},
    {"DISK", .key = "name"},
    {"SIZE", .key = "bytes", .format = ROWS_BYTES},
    {"FILE", .key = "file"},
    ROWS_END,
};
static const struct rows_column disk_name = {"DISK", .key = "name"};

static int run_disk_list(struct invocation *invocation, struct error *error) {
    const struct home *home = invocation->home;
    struct store_instances list = {0};
    json_t *rows = json_array();
    bool good =
        instance_table_list_named(home->store, invocation_argument(invocation, 0), &list, error);
    for (size_t i = 0; good && i < list.count; i++)
        good = add_disk_rows(home, &list.items[i], rows, error);
    if (!good)
        json_decref(rows);
    else if (invocation_flag(invocation, "names-only"))
        rows_output_names(rows, &disk_name);
    else
        rows_output_print(invocation, rows, disk_columns);
    store_instances_done(&list);
    return EXIT_SUCCESS;
}

const struct command cmd_disk_add = {
    .path = "disk add",
    .summary = "Add a disk to an instance",
    .arguments = "NAME DISK SIZE",
    .details = "The disk is empty and kept in the instance's folder. From its next start on, "
               "the guest finds it as /dev/disk/by-id/virtio-DISK and has to format and "
               "mount it.\n"
               "\n"
               "  pgsup disk add test data 20G",
    .options = change_options,
    .min_arguments = 3,
    .max_arguments = 3,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_disk_add,
    .report = instance_report_first,
};

const struct command cmd_disk_list = {
    .path = "disk list",
    .alias = "ls",
    .summary = "List the extra disks of an instance, or of all",
    .arguments = "[NAME]",
    .options = list_options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_disk_list,
};

const struct command cmd_disk_remove = {
    .path = "disk remove",
    .alias = "rm",
    .summary = "Remove an extra disk and its data",
    .arguments = "NAME DISK",
    .details = "The instance must not run.",
    .options = remove_options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .completes_next = COMPLETES_DISKS,
    .needs = NEEDS_HOME,
    .run = run_disk_remove,
    .report = instance_report_first,
};
