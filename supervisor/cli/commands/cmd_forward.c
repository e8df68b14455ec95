/* forward add, list and remove: they change the definition and the running VM. */
#include "base/alloc.h"
#include "base/strv.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/forward_live.h"
#include "cli/link/instance_report.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/access/endpoint.h"
#include "home/change/forward_change.h"
#include "home/change/home_edit.h"
#include "home/home.h"
#include "home/instance/forward.h"
#include "home/instance/port_owners.h"
#include "host/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array"},
    ROWS_NAMES_OPTION,
    OPTIONS_END,
};

static void report_forwards(const struct invocation *invocation, char *const *texts,
                            const char *what, bool live) {
    for (; !invocation->quiet && *texts; texts++)
        printf("%s: %s %s%s\n", invocation_argument(invocation, 0), *texts, what,
               live ? "" : ", from its next start on");
}

/* Stores them first, and removes them again if QEMU refuses one. */
static bool add_forwards(struct home_edit *edit, struct forward_live *live, char *const *texts,
                         struct error *error) {
    if (!forward_change_add(edit, texts, error))
        return false;
    if (!live || forward_live_add(live, texts, error))
        return true;
    forward_change_remove(edit, texts, NULL);
    return false;
}

static bool remove_forwards(struct home_edit *edit, struct forward_live *live, char *const *texts,
                            struct error *error) {
    if (!forward_change_remove(edit, texts, error))
        return false;
    return !live || forward_live_remove(live, texts, error) ||
           error_prefix(error, "removed from the definition, but");
}

/* What the words on the command line stand for. */
static bool name_forwards(struct store *store, const struct store_instance *instance,
                          char *const *texts, struct strv *names, struct error *error) {
    struct store_forwards forwards = {0};
    bool good = forward_table_list(store, instance->id, &forwards, error);
    for (; good && *texts; texts++) {
        char *name = forward_name(&forwards, instance->name, *texts, error);
        good = name != NULL;
        if (good)
            strv_take(names, name);
    }
    store_forwards_done(&forwards);
    return good;
}

struct change {
    bool (*apply)(struct home_edit *edit, struct forward_live *live, char *const *texts,
                  struct error *error);
    const char *what;
    bool names_existing; /* a forward may be named by its host port alone */
};

static int change_forwards(struct invocation *invocation, const struct change *change,
                           struct error *error) {
    struct home *home = invocation->home;
    struct store_instance instance = {0};
    scoped(strv_done) struct strv names = {0};
    struct forward_live *live = NULL;
    struct error problem = {0};
    char *const *texts = invocation->options.arguments + 1;
    bool good =
        instance_table_get(home->store, invocation_argument(invocation, 0), &instance, &problem) &&
        (!change->names_existing || name_forwards(home->store, &instance, texts, &names, &problem));
    struct home_edit edit = {.home = home, .instance = instance.name};
    if (change->names_existing)
        texts = names.items;
    if (good)
        live = forward_live_open(home, &instance, &problem);
    if (problem.code != ERROR_NONE)
        error_copy(error, &problem);
    else if (change->apply(&edit, live, texts, error))
        report_forwards(invocation, texts, change->what, live != NULL);
    invocation_notice(edit.notice);
    forward_live_close(live);
    store_instance_done(&instance);
    return EXIT_SUCCESS;
}

static const struct option_spec change_options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

static int run_forward_add(struct invocation *invocation, struct error *error) {
    static const struct change adding = {add_forwards, "forwarded", false};
    return change_forwards(invocation, &adding, error);
}

static int run_forward_remove(struct invocation *invocation, struct error *error) {
    static const struct change removing = {remove_forwards, "no longer forwarded", true};
    return change_forwards(invocation, &removing, error);
}

/* --- list --- */

/* The forward to SSH, which an instance has without asking, and those that were asked for. */
enum forward_origin { FORWARD_AUTOMATIC, FORWARD_GIVEN };

static json_t *forward_row(const struct store_forward *forward, enum forward_origin origin) {
    json_t *object = json_object();
    json_object_set_new(object, "instance", json_output_text(forward->name));
    json_object_set_new(object, "host_address", json_output_text(forward->host_address));
    json_object_set_new(object, "host_port", json_integer(forward->host_port));
    json_object_set_new(object, "guest_port", json_integer(forward->guest_port));
    json_object_set_new(object, "protocol", json_string(transport_word(forward->transport)));
    json_object_set_new(object, "automatic", json_boolean(origin == FORWARD_AUTOMATIC));
    return object;
}

static void add_ssh_row(json_t *rows, const struct store_instance *instance) {
    const struct store_forward ssh = {.name = instance->name,
                                      .transport = TRANSPORT_TCP,
                                      .host_address = (char *)PORT_LOOPBACK,
                                      .host_port = instance->ssh_port,
                                      .guest_port = ENDPOINT_SSH_PORT};
    if (instance->ssh_port)
        json_array_append_new(rows, forward_row(&ssh, FORWARD_AUTOMATIC));
}

/* name: NULL for all. */
static json_t *collect_forwards(struct store *store, const char *name, enum forward_origin least,
                                struct error *error) {
    struct port_owners owners = {0};
    json_t *rows = json_array();
    if (!port_owners_list(store, &owners, error))
        return rows;
    bool found = name == NULL;
    for (size_t i = 0; i < owners.instances.count; i++) {
        const struct store_instance *instance = &owners.instances.items[i];
        if (name && strcmp(name, instance->name) != 0)
            continue;
        found = true;
        if (least == FORWARD_AUTOMATIC)
            add_ssh_row(rows, instance);
        for (size_t j = 0; j < owners.forwards.count; j++)
            if (owners.forwards.items[j].instance == instance->id)
                json_array_append_new(rows, forward_row(&owners.forwards.items[j], FORWARD_GIVEN));
    }
    port_owners_done(&owners);
    if (!found)
        instance_table_fail_absent(store, name, error);
    return rows;
}

static char *host_cell(const json_t *row) {
    return alloc_printf("%s:%d", json_string_value(json_object_get(row, "host_address")),
                        (int)json_integer_value(json_object_get(row, "host_port")));
}

static char *purpose_cell(const json_t *row) {
    return alloc_string(json_is_true(json_object_get(row, "automatic")) ? "ssh" : "");
}

/* As `forward remove` takes it, the shortest way. */
static char *name_cell(const json_t *row) {
    const char *address = json_string_value(json_object_get(row, "host_address"));
    const char *protocol = json_string_value(json_object_get(row, "protocol"));
    bool loopback = strcmp(address, PORT_LOOPBACK) == 0, tcp = strcmp(protocol, "tcp") == 0;
    return alloc_printf("%s%s%d:%d%s%s", loopback ? "" : address, loopback ? "" : ":",
                        (int)json_integer_value(json_object_get(row, "host_port")),
                        (int)json_integer_value(json_object_get(row, "guest_port")), tcp ? "" : "/",
                        tcp ? "" : protocol);
}

static const struct rows_column name_column = {"FORWARD", .cell = name_cell};

static const struct rows_column forward_columns[] = {
    {"INSTANCE", .key = "instance"},     {"HOST", .cell = host_cell},
    {"GUEST-PORT", .key = "guest_port"}, {"PROTOCOL", .key = "protocol"},
    {"FOR", .cell = purpose_cell},       ROWS_END,
};

static int run_forward_list(struct invocation *invocation, struct error *error) {
    bool names = invocation_flag(invocation, "names-only");
    json_t *rows = collect_forwards(invocation->home->store, invocation_argument(invocation, 0),
                                    names ? FORWARD_GIVEN : FORWARD_AUTOMATIC, error);
    if (error->code != ERROR_NONE)
        json_decref(rows);
    else if (names)
        rows_output_names(rows, &name_column);
    else
        rows_output_print(invocation, rows, forward_columns);
    return EXIT_SUCCESS;
}

const struct command cmd_forward_add = {
    .path = "forward add",
    .summary = "Forward ports of this host to a guest",
    .arguments = "NAME [ADDRESS:]HOST:GUEST[/udp]...",
    .details = "For user networking. Takes effect immediately if the instance runs, and at "
               "every start. ADDRESS is an address of this host; default: 127.0.0.1. 0.0.0.0 "
               "opens the port to everyone who can reach this host. Only root may forward "
               "ports below 1024.\n"
               "\n"
               "  pgsup forward add test 8080:80 0.0.0.0:5353:53/udp",
    .options = change_options,
    .min_arguments = 2,
    .max_arguments = COMMAND_MANY,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_forward_add,
    .report = instance_report_first,
};

const struct command cmd_forward_list = {
    .path = "forward list",
    .alias = "ls",
    .summary = "List the forwarded ports, including SSH",
    .arguments = "[NAME]",
    .options = list_options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_forward_list,
};

const struct command cmd_forward_remove = {
    .path = "forward remove",
    .alias = "rm",
    .summary = "Stop forwarding ports",
    .arguments = "NAME [ADDRESS:]HOST[:GUEST][/udp]...",
    .details = "Takes effect immediately if the instance runs; open connections stay open. HOST "
               "alone is enough where one forward has that port.\n"
               "\n"
               "  pgsup forward remove test 8080",
    .options = change_options,
    .min_arguments = 2,
    .max_arguments = COMMAND_MANY,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .completes_next = COMPLETES_FORWARDS,
    .needs = NEEDS_HOME,
    .run = run_forward_remove,
    .report = instance_report_first,
};
