/* backup list, verify and restore. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/input/confirmation.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_command.h"
#include "cli/link/vm_status.h"
#include "cli/output/backup_output.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/backup/backup_compare.h"
#include "home/backup/backup_list.h"
#include "home/backup/backup_reader.h"
#include "home/backup/backup_restore.h"
#include "home/change/trash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- list --- */

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array"},
    OPTIONS_END,
};

/* "full, frozen", or what is wrong with it. */
static char *cell_form(const json_t *row) {
    const char *problem = json_string_value(json_object_get(row, "problem"));
    const char *kind = json_string_value(json_object_get(row, "kind"));
    const char *moment = json_string_value(json_object_get(row, "moment"));
    if (problem)
        return alloc_string(problem);
    return alloc_printf("%s, %s", kind ? kind : "", moment ? moment : "");
}

static const struct rows_column list_columns[] = {
    {"NAME", .key = "name"},
    {"CREATED", .key = "created"},
    {"SIZE", .key = "bytes", .format = ROWS_BYTES},
    {"FOLDER", .key = "folder"},
    {"FORM", .cell = cell_form},
    ROWS_END,
};

static int run_backup_list(struct invocation *invocation, struct error *error) {
    struct backup_list list = {0};
    if (!backup_list(invocation_argument(invocation, 0), &list, error))
        return EXIT_FAILURE;
    json_t *rows = json_array();
    for (size_t i = 0; i < list.count; i++) {
        const struct backup_entry *each = &list.items[i];
        json_array_append_new(
            rows, backup_output_row(each->folder, &each->manifest, each->bytes, each->problem));
    }
    rows_output_print(invocation, rows, list_columns);
    backup_list_done(&list);
    return EXIT_SUCCESS;
}

/* --- verify --- */

static const struct option_spec verify_options[] = {
    {.name = "against-vm",
     .help = "compare its disks with those of the instance, which must be off or paused"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

/* A VM that is paused writes nothing; one that is off is locked, so that it stays so. */
static bool hold_still(const struct invocation *invocation, const struct store_instance *instance,
                       int *lock, struct error *error) {
    const struct vm_status_scope scope = {.only = instance->name};
    struct vm_status vms = {0};
    struct vm_now now;
    struct store_instance again = {0};
    if (!vm_status_open(invocation->home, &scope, &vms, error))
        return false;
    vm_status_get(&vms, instance, &now);
    bool paused = strcmp(now.state, "paused") == 0;
    bool good = paused || !now.pid ||
                error_set(error, ERROR_WRONG_STATE,
                          "\"%s\" runs, and its disks change: `pgsup pause %s` comes first",
                          instance->name, instance->name);
    vm_status_close(&vms);
    if (good && !paused)
        good = stopped_instance_lock(invocation, instance->name, &again, lock, error);
    store_instance_done(&again);
    return good;
}

static bool compare_with_vm(const struct invocation *invocation, const char *folder,
                            const struct backup_manifest *manifest, struct store_instance *instance,
                            struct error *error) {
    scoped(file_release) int lock = -1;
    return backup_compare_find(invocation->home, manifest, instance, error) &&
           hold_still(invocation, instance, &lock, error) &&
           backup_compare(invocation->home, instance, folder, manifest, error);
}

static int run_backup_verify(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *folder = file_absolute(invocation_argument(invocation, 0));
    struct backup_manifest manifest = {0};
    struct store_instance instance = {0};
    bool compares = invocation_flag(invocation, "against-vm");
    char size[32];
    interrupt_watch();
    if (!backup_restore_open(folder, &manifest, error))
        return EXIT_FAILURE;
    bool good = !compares || compare_with_vm(invocation, folder, &manifest, &instance, error);
    name_format_size(backup_output_bytes(&manifest), size);
    if (good)
        printf("%s: whole, %zu files, %s\n", folder, manifest.file_count, size);
    if (good && compares)
        printf("its disks are those of \"%s\", to the byte\n", instance.name);
    store_instance_done(&instance);
    backup_manifest_done(&manifest);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void report_verify(struct invocation *invocation, struct error *error) {
    (void)error;
    vm_command_print_json(invocation_argument(invocation, 0), NULL, "whole");
}

/* --- restore --- */

static const struct option_spec restore_options[] = {
    {.name = "as",
     .value = "NAME",
     .help = "make another machine of it, with an identity of its own"},
    {.name = "replace", .help = "put it in the place of the same machine, which is stopped"},
    CONFIRMATION_OPTION,
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static void print_notes(const struct strv *notes) {
    for (size_t i = 0; i < notes->count; i++) {
        scoped(alloc_release) char *note = name_safe(notes->items[i]);
        printf("note: %s\n", note);
    }
}

static bool ask_replace(const struct invocation *invocation, const char *name,
                        struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, name);
    char size[32];
    name_format_size(trash_folder_bytes(folder), size);
    scoped(alloc_release) char *loss =
        alloc_printf("what the disks of \"%s\" hold now, %s, will be lost", name, size);
    return confirmation_ask(invocation, loss, error);
}

static bool replace(const struct invocation *invocation, struct backup_restore *restore,
                    struct error *error) {
    const char *name = restore->manifest->facts.instance.name;
    struct store_instance instance = {0}, found = {0};
    scoped(file_release) int lock = -1;
    bool good = backup_compare_find(invocation->home, restore->manifest, &found, error) &&
                stopped_instance_lock(invocation, found.name, &instance, &lock, error) &&
                ask_replace(invocation, found.name, error) &&
                backup_restore_replace(restore, &instance, error);
    if (good)
        printf("instance \"%s\" restored from %s\n", found.name, restore->folder);
    if (good && strcmp(name, found.name) != 0)
        printf("it was called \"%s\" when it was backed up\n", name);
    store_instance_done(&instance);
    store_instance_done(&found);
    return good;
}

static bool restore_new(struct backup_restore *restore, const char *name, struct error *error) {
    struct store_instance made = {0};
    bool good = backup_restore_new(restore, name, &made, error);
    if (good)
        printf("instance \"%s\" %s from %s\n", made.name, name ? "created" : "restored",
               restore->folder);
    store_instance_done(&made);
    return good;
}

static int run_backup_restore(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *folder = file_absolute(invocation_argument(invocation, 0));
    struct backup_manifest manifest = {0};
    const char *as = invocation_option(invocation, "as");
    bool in_place = invocation_flag(invocation, "replace");
    struct backup_restore restore = {invocation->home, folder, &manifest, {0}};
    if (as && in_place) {
        error_set(error, ERROR_USAGE, "--replace excludes --as");
        return EXIT_FAILURE;
    }
    interrupt_watch();
    bool good =
        backup_restore_open(folder, &manifest, error) &&
        (in_place ? replace(invocation, &restore, error) : restore_new(&restore, as, error));
    if (good)
        print_notes(&restore.notes);
    strv_done(&restore.notes);
    backup_manifest_done(&manifest);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void report_restore(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *folder = file_absolute(invocation_argument(invocation, 0));
    const char *as = invocation_option(invocation, "as");
    struct backup_manifest manifest = {0};
    struct store_instance made = {0};
    if (as)
        vm_command_print_json(as, NULL, "created");
    else if (backup_reader_read(folder, &manifest, error) &&
             backup_compare_find(invocation->home, &manifest, &made, error))
        vm_command_print_json(made.name, NULL, "restored");
    store_instance_done(&made);
    backup_manifest_done(&manifest);
}

const struct command cmd_backup_list = {
    .path = "backup list",
    .alias = "ls",
    .summary = "List the backups in a folder, the newest first",
    .arguments = "DIR",
    .details = "The list also shows backups that are being made, were interrupted or are "
               "damaged, with the reason. To remove a backup, remove its folder with rm.",
    .options = list_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .run = run_backup_list,
};

const struct command cmd_backup_verify = {
    .path = "backup verify",
    .summary = "Read a backup whole and compare it with its checksums",
    .arguments = "PATH",
    .details = "With --against-vm it also compares the disks with those of the instance as they "
               "are now, byte by byte. The instance must be off or paused; the comparison makes "
               "sense if it has not run since the backup.",
    .options = verify_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .needs = NEEDS_HOME,
    .run = run_backup_verify,
    .report = report_verify,
};

const struct command cmd_backup_restore = {
    .path = "backup restore",
    .summary = "Make an instance of a backup",
    .arguments = "PATH",
    .details = "All of the backup is read and checked before anything is changed.\n"
               "\n"
               "Without an option the result is the same machine: it has the name, instance-id, "
               "host keys, MAC addresses and settings of the backup, and its guest goes on as "
               "after a power cut. This home must not have that machine any more. --replace puts "
               "the disks, documents and host keys back into the machine that still exists, and "
               "leaves its name, addresses, ports and hardware. --as makes another machine, as "
               "`pgsup instance clone` does.\n"
               "\n"
               "  pgsup backup restore /mnt/backups/test-20261126T190000Z --as test-2",
    .options = restore_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_backup_restore,
    .report = report_restore,
};
