#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_status.h"
#include "cli/output/instance_output.h"
#include "cli/output/json_output.h"
#include "home/access/ansible_log.h"
#include "home/access/endpoint.h"
#include "store/guest_table.h"
#include "store/launch_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 10 };

static const struct option_spec options[] = {
    {.name = "history", .help = "also show the last boots, with their phases and durations"},
    {.name = "json", .help = "print one JSON object"},
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
                                json_real((double)(launch->phases_ms[phase] - began) / 1000));
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

static void add_address(json_t *object, struct home *home, const struct store_instance *instance) {
    struct endpoint endpoint = {0};
    endpoint_find(home, instance, &endpoint, NULL);
    json_object_set_new(object, "address",
                        json_output_text(endpoint.address[0] ? endpoint.address : NULL));
    json_object_set_new(object, "address_source",
                        json_output_text(endpoint.source[0] ? endpoint.source : NULL));
    json_object_set_new(object, "address_since", json_output_time(endpoint.since_ms));
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

static json_t *collect_info(struct invocation *invocation, const struct store_instance *instance,
                            struct error *error) {
    struct vm_status vms = {0};
    struct store_launches launches = {0};
    struct store_guest guest = {0};
    struct store *store = invocation->home->store;
    if (!vm_status_open(invocation->home, &vms, error))
        return NULL;
    json_t *object = vm_status_get(&vms, instance), *boots = json_array();
    vm_status_close(&vms);
    json_object_del(object, "phases");
    json_object_set_new(object, "since",
                        json_output_time(json_integer_value(json_object_get(object, "since_ms"))));
    json_object_del(object, "since_ms");
    json_object_update_new(object, instance_output_object(invocation->home, instance));
    add_address(object, invocation->home, instance);
    if (guest_table_get(store, instance->id, &guest, error))
        add_guest(object, &guest);
    store_guest_done(&guest);
    add_provisioning(object, invocation->home, instance);
    launch_table_list(store, instance->id, HISTORY, &launches, error);
    for (size_t i = 0; i < launches.count; i++)
        json_array_append_new(boots, launch_to_json(&launches.items[i]));
    store_launches_done(&launches);
    json_object_set_new(object, "boots", boots);
    return object;
}

static void print_text(const char *key, const char *text) {
    scoped(alloc_release) char *safe = name_safe(text);
    printf("%-15s %s\n", key, safe);
}

/* A list of texts; other lists are shown elsewhere. */
static void print_texts(const char *key, json_t *list) {
    size_t index;
    json_t *each;
    json_array_foreach(list, index, each) {
        if (json_is_string(each))
            print_text(key, json_string_value(each));
    }
}

static void print_members(const char *key, json_t *object) {
    const char *name;
    json_t *each;
    json_object_foreach(object, name, each) {
        scoped(alloc_release) char *text = alloc_printf("%s=%s", name, json_string_value(each));
        print_text(key, text);
    }
}

static void print_value(const char *key, json_t *value) {
    char size[32];
    bool is_size = strstr(key, "_bytes") != NULL;
    if (json_is_array(value))
        print_texts(key, value);
    if (json_is_object(value))
        print_members(key, value);
    if (json_is_null(value) || json_is_array(value) || json_is_object(value))
        return;
    if (json_is_boolean(value))
        printf("%-15s %s\n", key, json_is_true(value) ? "yes" : "no");
    else if (is_size) {
        name_format_size((uint64_t)json_integer_value(value), size);
        printf("%-15s %s\n", key, size);
    } else if (json_is_integer(value))
        printf("%-15s %lld\n", key, (long long)json_integer_value(value));
    else
        print_text(key, json_string_value(value));
}

static void print_boot(json_t *boot) {
    const char *key, *began = json_string_value(json_object_get(boot, "began"));
    const char *end = json_string_value(json_object_get(boot, "end"));
    const char *console = json_string_value(json_object_get(boot, "console"));
    json_t *seconds;
    printf("boot %-10lld %s ", (long long)json_integer_value(json_object_get(boot, "boot")),
           began ? began : "never launched");
    json_object_foreach(json_object_get(boot, "phases_s"), key, seconds) {
        if (strcmp(key, "launched") != 0)
            printf(" %s %.1f s", key, json_real_value(seconds));
    }
    putchar('\n');
    if (end) {
        scoped(alloc_release) char *text =
            alloc_printf("%s: %s", json_string_value(json_object_get(boot, "ended")), end);
        print_text("", text);
    }
    if (console && console[0]) {
        scoped(alloc_release) char *copy = alloc_string(console);
        char *save = NULL;
        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
            print_text("                |", line);
    }
}

static void print_info(json_t *object, bool history) {
    char label[32];
    const char *key;
    json_t *value;
    size_t index;
    vm_status_label(json_string_value(json_object_get(object, "state")), label);
    json_object_set_new(object, "state", json_string(label));
    json_object_foreach(object, key, value) {
        print_value(key, value);
    }
    json_array_foreach(json_object_get(object, "boots"), index, value) {
        if (history || index == 0)
            print_boot(value);
    }
}

static int run_info(struct invocation *invocation, struct error *error) {
    struct store_instance instance = {0};
    if (!instance_table_get(invocation->home->store, invocation_argument(invocation, 0), &instance,
                            error))
        return 1;
    json_t *object = collect_info(invocation, &instance, error);
    if (object && invocation_flag(invocation, "json")) {
        json_output_print(object);
    } else if (object) {
        print_info(object, invocation_flag(invocation, "history"));
        json_decref(object);
    }
    store_instance_done(&instance);
    return 0;
}

const struct command cmd_info = {
    .path = "info",
    .summary = "Show everything about one instance",
    .arguments = "NAME",
    .details = "Shows the state and its reason, what the guest reported, and the course and "
               "end of the last boot. Asks the supervisor or, if none runs, the VM itself.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_info,
};
