/* network add, list, info and remove. */
#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/output/columns.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/home.h"
#include "home/network/home_network.h"
#include "home/network/members.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec add_options[] = {
    {"subnet", 0, "SUBNET",
     .help = "its addresses; default: the first free one of 10.77.0.0/24, 10.77.1.0/24 and so on"},
    {"domain", 0, "DOMAIN",
     .help = "its members are called NAME.DOMAIN besides NAME; default: the network's name and "
             ".internal"},
    {"kind", 0, "multicast|pair|bridge|vmnet-helper-host",
     .help = "what carries the frames; default: vmnet-helper-host on macOS, else multicast"},
    {"host-if", 0, "NAME", .help = "with bridge: the bridge of this host"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static const struct option_spec remove_options[] = {DEFINITION_REPORT_OPTION, OPTIONS_END};

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array"},
    OPTIONS_END,
};

static const struct option_spec info_options[] = {
    {"json", .help = "print one JSON object"},
    OPTIONS_END,
};

static int run_network_add(struct invocation *invocation, struct error *error) {
    struct store_network network = {0};
    const struct home_network_options options = {
        .name = invocation_argument(invocation, 0),
        .kind = invocation_option(invocation, "kind"),
        .interface = invocation_option(invocation, "host-if"),
        .subnet = invocation_option(invocation, "subnet"),
        .domain = invocation_option(invocation, "domain"),
    };
    if (home_network_create(invocation->home, &options, &network, error) && !invocation->quiet)
        printf("network %s: %s, %s; `pgsup nic add NAME %s` adds an instance to it\n", network.name,
               network.subnet, network.kind, network.name);
    const char *remark = error->code ? NULL : home_network_remark(&network);
    if (remark)
        fprintf(stderr, "note: %s: %s\n", network.name, remark);
    store_network_done(&network);
    return EXIT_SUCCESS;
}

static int run_network_remove(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    if (home_network_remove(invocation->home, name, error) && !invocation->quiet)
        printf("network %s is removed\n", name);
    return EXIT_SUCCESS;
}

/* --- list and info --- */

static json_t *member_rows(struct store *store, const struct store_network *network,
                           struct error *error) {
    struct store_nics members = {0};
    json_t *rows = NULL;
    if (members_list(store, network->id, &members, error))
        rows = json_array();
    for (size_t i = 0; rows && i < members.count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", json_output_text(members.items[i].name));
        json_object_set_new(row, "position", json_integer(members.items[i].position));
        json_object_set_new(row, "ip4", json_output_text(members.items[i].ip4));
        json_object_set_new(row, "mac", json_output_text(members.items[i].mac));
        json_array_append_new(rows, row);
    }
    store_nics_done(&members);
    return rows;
}

static json_t *network_object(struct store *store, const struct store_network *network,
                              struct error *error) {
    json_t *members = member_rows(store, network, error);
    if (!members)
        return NULL;
    json_t *object = json_object();
    json_object_set_new(object, "name", json_output_text(network->name));
    json_object_set_new(object, "kind", json_output_text(network->kind));
    json_object_set_new(object, "interface", json_output_text(network->interface));
    json_object_set_new(object, "subnet", json_output_text(network->subnet));
    json_object_set_new(object, "domain", json_output_text(network->domain));
    json_object_set_new(object, "lab", json_boolean(network->is_lab));
    json_object_set_new(object, "created", json_output_time(network->created_ms));
    json_object_set_new(object, "member_count", json_integer((json_int_t)json_array_size(members)));
    json_object_set_new(object, "members", members);
    return object;
}

static const struct rows_column columns[] = {
    {"NETWORK", .key = "name"},         {"KIND", .key = "kind"},
    {"SUBNET", .key = "subnet"},        {"DOMAIN", .key = "domain"},
    {"MEMBERS", .key = "member_count"}, ROWS_END,
};

static int run_network_list(struct invocation *invocation, struct error *error) {
    struct store *store = invocation->home->store;
    struct store_networks networks = {0};
    bool good = network_table_list(store, &networks, error);
    json_t *rows = json_array();
    for (size_t i = 0; good && i < networks.count; i++) {
        json_t *row = network_object(store, &networks.items[i], error);
        good = row && json_array_append_new(rows, row) == 0;
    }
    if (good)
        rows_output_print(invocation, rows, columns);
    else
        json_decref(rows);
    store_networks_done(&networks);
    return EXIT_SUCCESS;
}

static void print_network(json_t *object) {
    static const char *const keys[] = {"name", "kind", "interface", "subnet", "domain", "created"};
    size_t index;
    json_t *member;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        columns_pair(keys[i], json_string_value(json_object_get(object, keys[i])), stdout);
    json_array_foreach(json_object_get(object, "members"), index, member) {
        scoped(alloc_release) char *text =
            alloc_printf("%s %s", json_string_value(json_object_get(member, "name")),
                         json_string_value(json_object_get(member, "ip4")));
        columns_pair("member", text, stdout);
    }
}

static void report_network(struct invocation *invocation, struct error *error) {
    struct store *store = invocation->home->store;
    struct store_network network = {0};
    json_t *object = network_table_get(store, invocation_argument(invocation, 0), &network, error)
                         ? network_object(store, &network, error)
                         : NULL;
    if (object) {
        json_output_schema(object);
        json_output_print(object);
    }
    store_network_done(&network);
}

static int run_network_info(struct invocation *invocation, struct error *error) {
    struct store *store = invocation->home->store;
    struct store_network network = {0};
    json_t *object = network_table_get(store, invocation_argument(invocation, 0), &network, error)
                         ? network_object(store, &network, error)
                         : NULL;
    if (object)
        print_network(object);
    json_decref(object);
    store_network_done(&network);
    return EXIT_SUCCESS;
}

const struct command cmd_network_add = {
    .path = "network add",
    .summary = "Create a network that instances of this home share",
    .arguments = "NAME",
    .details = "Its members reach each other by address and by name; each gets an address that "
               "it keeps. With multicast QEMU sends the frames to a group of the network's own "
               "on the loopback interface. That needs no process and no root, but every user of "
               "this computer could listen or send there. A pair connects two instances by "
               "sockets that only your user can reach. See `pgsup help networks`.\n"
               "\n"
               "  pgsup network add lab\n"
               "  pgsup instance create node-1 --nic lab\n"
               "  pgsup nic add node-2 lab,ip=10.77.0.20",
    .options = add_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_network_add,
    .report = report_network,
};

const struct command cmd_network_list = {
    .path = "network list",
    .alias = "ls",
    .summary = "List the networks of this home",
    .options = list_options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_network_list,
};

const struct command cmd_network_info = {
    .path = "network info",
    .summary = "Show a network and who is in it",
    .arguments = "NAME",
    .options = info_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_network_info,
    .report = report_network,
};

const struct command cmd_network_remove = {
    .path = "network remove",
    .alias = "rm",
    .summary = "Remove a network that no instance uses",
    .arguments = "NAME",
    .options = remove_options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_network_remove,
    .report = definition_report_removed,
};
