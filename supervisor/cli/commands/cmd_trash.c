/* trash list and empty, instance undelete. */
#include "base/alloc.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/input/confirmation.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/link/instance_report.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/change/trash.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array"},
    ROWS_NAMES_OPTION,
    OPTIONS_END,
};

static const struct rows_column columns[] = {
    {"NAME", .key = "name"},
    {"SIZE", .key = "bytes", .format = ROWS_BYTES},
    {"REMOVED", .key = "removed"},
    {"FOLDER", .key = "folder"},
    ROWS_END,
};

static int run_trash_list(struct invocation *invocation, struct error *error) {
    struct trash_list list = {0};
    bool names = invocation_flag(invocation, "names-only");
    if ((!names && !trash_expire(invocation->home, error)) ||
        !trash_list(invocation->home, &list, error))
        return EXIT_FAILURE;
    json_t *rows = json_array();
    for (size_t i = 0; i < list.count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", json_output_text(list.items[i].name));
        json_object_set_new(row, "bytes", json_integer((json_int_t)list.items[i].bytes));
        json_object_set_new(row, "folder", json_output_text(list.items[i].folder));
        json_object_set_new(row, "removed", json_output_time(list.items[i].removed_ms));
        json_array_append_new(rows, row);
    }
    if (names)
        rows_output_names(rows, columns);
    else
        rows_output_print(invocation, rows, columns);
    trash_list_done(&list);
    return EXIT_SUCCESS;
}

static const struct option_spec empty_options[] = {CONFIRMATION_OPTION, DEFINITION_REPORT_OPTION,
                                                   OPTIONS_END};

static int run_trash_empty(struct invocation *invocation, struct error *error) {
    struct trash_list list = {0};
    char size[32];
    uint64_t bytes = 0;
    if (!trash_list(invocation->home, &list, error))
        return EXIT_FAILURE;
    for (size_t i = 0; i < list.count; i++)
        bytes += list.items[i].bytes;
    size_t count = list.count;
    name_format_size(bytes, size);
    trash_list_done(&list);
    scoped(alloc_release) char *loss = alloc_printf(
        "%zu removed instance%s, %s, will be lost for good", count, name_plural(count), size);
    if (count == 0)
        printf("the trash is empty\n");
    else if (confirmation_ask(invocation, loss, error) && trash_empty(invocation->home, 0, error))
        printf("%zu removed instance%s deleted, %s\n", count, name_plural(count), size);
    return EXIT_SUCCESS;
}

static const struct option_spec undelete_options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

static int run_undelete(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    if (!trash_restore(invocation->home, name, error) ||
        !instance_table_get(invocation->home->store, name, &instance, error))
        return EXIT_FAILURE;
    printf("instance \"%s\" is back", name);
    if (instance.ssh_port)
        printf(", its SSH at port %u", instance.ssh_port);
    printf("\n");
    store_instance_done(&instance);
    return EXIT_SUCCESS;
}

const struct command cmd_trash_list = {
    .path = "trash list",
    .alias = "ls",
    .summary = "List removed instances that can be restored",
    .details = "pgsup deletes them for good after 7 days, or after the time that `pgsup cloud "
               "set --trash-days DAYS` sets.",
    .options = list_options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_trash_list,
};

const struct command cmd_trash_empty = {
    .path = "trash empty",
    .summary = "Delete removed instances for good",
    .options = empty_options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_trash_empty,
    .report = definition_report_done,
};

const struct command cmd_instance_undelete = {
    .path = "instance undelete",
    .alias = "restore",
    .summary = "Restore a removed instance",
    .arguments = "NAME",
    .details = "With its disks, settings, addresses and host keys, as long as no other instance "
               "has taken its name or one of its addresses.",
    .options = undelete_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_TRASH,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_undelete,
    .report = instance_report_first,
};
