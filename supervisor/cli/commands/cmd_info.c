#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/instance_rows.h"
#include "cli/output/info_output.h"
#include "cli/output/json_output.h"
#include "cli/terminal/color.h"
#include "home/access/ansible_log.h"
#include "store/backup_table.h"
#include "store/guest_table.h"
#include "store/launch_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 10 };

static const struct option_spec options[] = {
    {.name = "history", .help = "also show the last boots, with their phases and durations"},
    {.name = "json", .help = "print one JSON object: `pgsup help json`"},
    COLOR_OPTION,
    OPTIONS_END,
};

static json_t *launch_to_json(const struct store_launch *launch) {
    json_t *object = json_object(), *phases = json_object();
    int64_t began = launch->phases_ms[PHASE_LAUNCHED];
    json_object_set_new(object, "boot", json_integer(launch->boot));
    json_object_set_new(object, "launch", json_integer(launch->number));
    json_object_set_new(object, "began", json_output_time(began));
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (launch->phases_ms[phase] && began)
            json_object_set_new(phases, store_phase_word((enum store_phase)phase),
                                json_output_seconds((uint64_t)(launch->phases_ms[phase] - began)));
    json_object_set_new(object, "phases_s", phases);
    json_object_set_new(object, "ended", json_output_time(launch->ended_ms));
    json_object_set_new(object, "end_cause", json_output_text(launch->end_cause));
    json_object_set_new(object, "end", json_output_text(launch->end_text));
    json_object_set_new(object, "console", json_output_text(launch->serial_tail));
    return object;
}

static void add_guest(json_t *object, const struct store_guest *guest) {
    scoped(alloc_release) char *hostname =
        guest->hostname ? name_printable(guest->hostname, strlen(guest->hostname), 80) : NULL;
    json_object_set_new(object, "hostname", json_output_text(hostname));
    json_object_set_new(object, "host_key_problem", json_output_text(guest->host_key_problem));
    json_object_set_new(object, "phoned_home", json_output_time(guest->phoned_home_ms));
    json_object_set_new(object, "provisioned", json_output_time(guest->provisioned_ms));
    json_object_set_new(object, "provisioning", json_output_text(guest->provision_result));
}

static void add_provisioning(json_t *object, const struct home *home,
                             const struct store_instance *instance) {
    struct ansible_recap recap;
    scoped(alloc_release) char *log = ansible_log_path(home, instance->name);
    bool ran = file_exists(log);
    bool counted = ran && ansible_log_recap(home, instance->name, &recap);
    json_object_set_new(object, "tasks_changed",
                        counted ? json_integer(recap.changed) : json_null());
    json_object_set_new(object, "tasks_failed",
                        counted ? json_integer(recap.failed + recap.unreachable) : json_null());
    json_object_set_new(object, "ansible_log", json_output_text(ran ? log : NULL));
}

static json_t *number_or_null(uint64_t number) {
    return number ? json_integer((json_int_t)number) : json_null();
}

static void add_backups(json_t *object, struct store *store,
                        const struct store_instance *instance) {
    struct store_backup backup = {0};
    backup_table_get(store, instance->id, &backup, NULL);
    json_object_set_new(object, "backup_to", json_output_text(backup.folder));
    json_object_set_new(object, "backup_every_s", number_or_null(backup.every_s));
    json_object_set_new(object, "backup_keep", number_or_null(backup.keep));
    json_object_set_new(object, "backed_up", json_output_time(backup.made_ms));
    store_backup_done(&backup);
}

static json_t *boots_of(struct store *store, int64_t instance, struct error *error) {
    struct store_launches launches = {0};
    json_t *boots = json_array();
    launch_table_list(store, instance, HISTORY, &launches, error);
    for (size_t i = 0; i < launches.count; i++)
        json_array_append_new(boots, launch_to_json(&launches.items[i]));
    store_launches_done(&launches);
    return boots;
}

static json_t *collect_info(struct invocation *invocation, const struct store_instance *instance,
                            struct error *error) {
    struct instance_rows rows;
    struct store_guest guest = {0};
    struct store *store = invocation->home->store;
    if (!instance_rows_open(invocation->home, instance, INSTANCE_ROWS_WHOLE, &rows, error))
        return NULL;
    json_t *object = instance_rows_get(&rows, instance);
    instance_rows_close(&rows);
    if (guest_table_get(store, instance->id, &guest, error))
        add_guest(object, &guest);
    store_guest_done(&guest);
    add_provisioning(object, invocation->home, instance);
    add_backups(object, store, instance);
    json_object_set_new(object, "boots", boots_of(store, instance->id, error));
    return object;
}

static int print_info(struct invocation *invocation, const json_t *object, struct error *error) {
    struct info_output_style style = {.now_ms = clock_wall_ms(),
                                      .history = invocation_flag(invocation, "history")};
    struct strv lines = {0};
    if (!color_wanted(invocation_option(invocation, "color"), stdout, &style.color, error))
        return EXIT_FAILURE;
    info_output_write(object, &style, &lines);
    for (size_t i = 0; i < lines.count; i++)
        puts(lines.items[i]);
    strv_done(&lines);
    return EXIT_SUCCESS;
}

static int run_info(struct invocation *invocation, struct error *error) {
    struct store_instance instance = {0};
    client_await_written(invocation->home);
    if (!instance_table_get(invocation->home->store, invocation_argument(invocation, 0), &instance,
                            error))
        return EXIT_FAILURE;
    json_t *object = collect_info(invocation, &instance, error);
    store_instance_done(&instance);
    if (!object)
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json")) {
        json_output_print(object);
        return EXIT_SUCCESS;
    }
    int status = print_info(invocation, object, error);
    json_decref(object);
    return status;
}

#define INFO_COMMAND                                                                               \
    .arguments = "NAME",                                                                           \
    .details = "Shows the state and its reason, where it is reached, what it is made of, its "     \
               "settings, what the guest reported, and the last boot. Asks the supervisor or, if " \
               "none runs, the VM itself.",                                                        \
    .options = options, .min_arguments = 1, .max_arguments = 1, .completes = COMPLETES_INSTANCES,  \
    .needs = NEEDS_HOME, .run = run_info

const struct command cmd_info = {
    .path = "info",
    .summary = "Show everything about one instance",
    INFO_COMMAND,
    .section = SECTION_REACH,
};

const struct command cmd_instance_get = {
    .path = "instance get",
    .summary = "Show everything about one instance, as `pgsup info` does",
    INFO_COMMAND,
    .section = SECTION_CLOUD,
};
