#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/instance_row.h"
#include "cli/output/json_output.h"
#include "home/access/endpoint.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { POLL_INTERVAL_MS = 250 };

static const struct option_spec options[] = {
    {.name = "wait", .help = "wait until the address is known"},
    {.name = "timeout", .value = "DURATION", .help = "with --wait: timeout", .fallback = "600"},
    {.name = "json", .help = "print one JSON object: `pgsup help json`"},
    OPTIONS_END,
};

static bool read_endpoint(struct home *home, const char *name, struct endpoint *endpoint,
                          struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, name, &instance, error) &&
                endpoint_find(home, &instance, endpoint, error);
    store_instance_done(&instance);
    return good;
}

static bool fail_unknown(const char *name, bool waited, struct error *error) {
    if (waited)
        return error_set(error, ERROR_TIMEOUT, "timeout: the address of %s is still unknown", name);
    return error_set(error, ERROR_WRONG_STATE,
                     "the address of %s is not known yet: DHCP assigns it, see `pgsup ip %s "
                     "--wait`",
                     name, name);
}

static void print_place(const char *name, const struct endpoint *endpoint) {
    json_t *object = json_object();
    json_output_schema(object);
    json_object_set_new(object, "name", json_output_text(name));
    instance_row_endpoint(object, endpoint);
    json_output_print(object);
}

static int run_ip(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    bool wait = invocation_flag(invocation, "wait");
    struct endpoint endpoint = {0};
    uint64_t timeout_ms;
    if (!invocation_duration(invocation, "timeout", 1000, &timeout_ms, error) ||
        !read_endpoint(invocation->home, name, &endpoint, error))
        return EXIT_FAILURE;
    for (uint64_t waited_ms = 0; wait && !endpoint.address[0] && waited_ms < timeout_ms;
         waited_ms += POLL_INTERVAL_MS) {
        poll(NULL, 0, POLL_INTERVAL_MS);
        if (!read_endpoint(invocation->home, name, &endpoint, error))
            return EXIT_FAILURE;
    }
    if (!endpoint.address[0]) {
        fail_unknown(name, wait, error);
        return EXIT_FAILURE;
    }
    if (invocation_flag(invocation, "json"))
        print_place(name, &endpoint);
    else
        puts(endpoint.address);
    return EXIT_SUCCESS;
}

const struct command cmd_ip = {
    .path = "ip",
    .summary = "Print the address of a guest",
    .arguments = "NAME",
    .details = "Prints the address at which this computer reaches the guest: a static "
               "address as defined, or the DHCP address last learned from QEMU's guest "
               "agent, from this computer's neighbour table or from the guest's phone-home. "
               "With user networking it is 127.0.0.1; `pgsup list` and `pgsup forward list` "
               "show the ports.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .for_programs = true,
    .run = run_ip,
};
