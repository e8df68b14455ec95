/* nic add, list and remove. */
#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "cli/link/vm_status.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/change/home_edit.h"
#include "home/change/nic_change.h"
#include "home/cloud/subnet.h"
#include "home/home.h"
#include "home/seed/seed.h"
#include "machine/core/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- add and remove --- */

enum nic_event { NIC_ADDED, NIC_REMOVED };

/* The guest learns of the card when cloud-init reads network-config. */
static void report_to_guest(const struct home *home, const struct store_instance *instance,
                            enum nic_event event) {
    bool added = event == NIC_ADDED;
    if (seed_network_is_users(home, instance)) {
        printf("your own network-config is kept: %s\n",
               added ? "add the card there" : "remove the card there");
        return;
    }
    if (added && instance->seed == STORE_SEED_HTTP)
        printf("cloud-init reads network-config over HTTP only since 24.3: in an older guest "
               "configure the card by hand\n");
    printf("a guest that has booted before %s when cloud-init runs again (`pgsup "
           "instance set %s --rerun-cloud-init`); otherwise do it by hand in the guest\n",
           added ? "configures it" : "removes it", instance->name);
}

/* The change is made: a failure to report details is not an error. */
static void report_nic(const struct invocation *invocation, const struct store_nic *nic,
                       enum nic_event event) {
    struct store_instance instance = {0};
    struct running running = {0};
    const char *name = invocation_argument(invocation, 0);
    scoped(alloc_release) char *guest_name = spec_nic_guest_name((unsigned)nic->position);
    bool good = instance_table_get(invocation->home->store, name, &instance, NULL) &&
                vm_status_find(invocation->home, &instance, &running, NULL);
    const char *when = good && running.name ? ", from its next start on" : "";
    if (event == NIC_ADDED)
        printf("%s: card %d, %s in the guest, has the MAC address %s%s\n", name, nic->position,
               guest_name, nic->mac, when);
    else
        printf("%s: card %d with the MAC address %s is removed%s\n", name, nic->position, nic->mac,
               when);
    if (good)
        report_to_guest(invocation->home, &instance, event);
    running_done(&running);
    store_instance_done(&instance);
}

static const struct option_spec change_options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

static int run_change(struct invocation *invocation,
                      bool (*change)(struct home_edit *, const char *, struct store_nic *,
                                     struct error *),
                      enum nic_event event, struct error *error) {
    struct store_nic nic = {0};
    struct home_edit edit = {.home = invocation->home,
                             .instance = invocation_argument(invocation, 0)};
    if (change(&edit, invocation_argument(invocation, 1), &nic, error) && !invocation->quiet)
        report_nic(invocation, &nic, event);
    invocation_notice(edit.notice);
    store_nic_done(&nic);
    return EXIT_SUCCESS;
}

static int run_nic_add(struct invocation *invocation, struct error *error) {
    return run_change(invocation, nic_change_add, NIC_ADDED, error);
}

static int run_nic_remove(struct invocation *invocation, struct error *error) {
    return run_change(invocation, nic_change_remove, NIC_REMOVED, error);
}

/* --- list --- */

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array"},
    ROWS_NAMES_OPTION,
    OPTIONS_END,
};

static json_t *nic_row(const char *instance, const struct store_nic *nic) {
    scoped(alloc_release) char *guest_name = spec_nic_guest_name((unsigned)nic->position);
    json_t *object = json_object();
    json_object_set_new(object, "instance", json_output_text(instance));
    json_object_set_new(object, "position", json_integer(nic->position));
    json_object_set_new(object, "kind", json_output_text(nic->kind));
    json_object_set_new(object, "network", json_output_text(nic->network_name));
    json_object_set_new(object, "interface", json_output_text(nic->interface));
    json_object_set_new(object, "ip4", json_output_text(nic->ip4));
    json_object_set_new(object, "mac", json_output_text(nic->mac));
    json_object_set_new(object, "guest_name", json_output_text(guest_name));
    return object;
}

/* The first card belongs to the network of the cloud. */
static json_t *first_nic_row(const struct store_cloud *cloud,
                             const struct store_instance *instance) {
    struct subnet subnet = {0};
    subnet_of_cloud(cloud, &subnet);
    scoped(alloc_release) char *ip4 =
        instance->ip4 ? alloc_printf("%s/%u", instance->ip4, subnet.prefix_length) : NULL;
    const struct store_nic first = {
        .kind = cloud->network, .interface = cloud->interface, .ip4 = ip4, .mac = instance->mac};
    return nic_row(instance->name, &first);
}

static const struct rows_column nic_columns[] = {
    {"INSTANCE", .key = "instance"},
    {"CARD", .key = "position"},
    {"KIND", .key = "kind"},
    {"NETWORK", .key = "network"},
    {"INTERFACE", .key = "interface"},
    {"ADDRESS", .key = "ip4", .absent = "dhcp"},
    {"MAC", .key = "mac"},
    {"IN-GUEST", .key = "guest_name"},
    ROWS_END,
};
static const struct rows_column nic_name = {"CARD", .key = "position"};

/* cloud: NULL for those that can be removed only: not the first. */
static bool add_nic_rows(struct store *store, const struct store_instance *instance,
                         const struct store_cloud *cloud, json_t *rows, struct error *error) {
    struct store_nics nics = {0};
    bool good = nic_table_list(store, instance->id, &nics, error);
    if (cloud)
        json_array_append_new(rows, first_nic_row(cloud, instance));
    for (size_t i = 0; i < nics.count; i++)
        json_array_append_new(rows, nic_row(instance->name, &nics.items[i]));
    store_nics_done(&nics);
    return good;
}

static int run_nic_list(struct invocation *invocation, struct error *error) {
    struct store *store = invocation->home->store;
    struct store_cloud cloud = {0};
    struct store_instances list = {0};
    json_t *rows = json_array();
    bool names = invocation_flag(invocation, "names-only");
    bool good = cloud_table_get(store, &cloud, error) &&
                instance_table_list_named(store, invocation_argument(invocation, 0), &list, error);
    for (size_t i = 0; good && i < list.count; i++)
        good = add_nic_rows(store, &list.items[i], names ? NULL : &cloud, rows, error);
    if (!good)
        json_decref(rows);
    else if (names)
        rows_output_names(rows, &nic_name);
    else
        rows_output_print(invocation, rows, nic_columns);
    store_instances_done(&list);
    store_cloud_done(&cloud);
    return EXIT_SUCCESS;
}

const struct command cmd_nic_add = {
    .path = "nic add",
    .summary = "Add a network card to an instance",
    .arguments = "NAME KIND|NETWORK[,KEY=VALUE...]",
    .details =
        "KEY is if, ip or mac. KIND and if= are those of --network and --host-if of `pgsup cloud create`; "
        "without ip=ADDRESS/PREFIX the guest uses DHCP. NETWORK is one of `pgsup network "
        "list`, which gives the card an address unless ip=ADDRESS does. The card exists from the next start on, in "
        "its own slot, so that the guest's other cards keep their names. It is added "
        "to network-config, which a guest that has booted before reads when "
        "cloud-init runs again.\n"
        "\n"
        "  pgsup nic add test bridge,if=br1,ip=10.1.0.5/24",
    .options = change_options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_nic_add,
    .report = instance_report_first,
};

const struct command cmd_nic_list = {
    .path = "nic list",
    .alias = "ls",
    .summary = "List the network cards of an instance, or of all",
    .arguments = "[NAME]",
    .details = "IN-GUEST is the name that systemd gives to the card in this slot.",
    .options = list_options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_nic_list,
};

const struct command cmd_nic_remove = {
    .path = "nic remove",
    .alias = "rm",
    .summary = "Remove a network card from an instance",
    .arguments = "NAME CARD|MAC",
    .details = "Takes effect at the next start. Card 0, the first one, cannot be removed; "
               "the other cards keep their slots.",
    .options = change_options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .completes_next = COMPLETES_NICS,
    .needs = NEEDS_HOME,
    .run = run_nic_remove,
    .report = instance_report_first,
};
