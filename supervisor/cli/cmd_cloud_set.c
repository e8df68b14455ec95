#include "cli/client.h"
#include "cli/invocation.h"
#include "cli/table.h"
#include "home/cloud.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"ph-port", 0, "PORT", .help = "port on which guests fetch their seed and phone home"},
    OPTIONS_END,
};

/* A supervisor goes on listening where it does. */
static bool check_no_supervisor(const struct home *home, struct error *error) {
    struct error absent = {0};
    struct client *client = client_open_any(home, &absent);
    if (!client)
        return absent.code == ERROR_NO_SUPERVISOR ||
               error_set(error, absent.code, "%s", absent.text);
    client_close(client);
    return error_set(error, ERROR_WRONG_STATE,
                     "a supervisor runs, and would not notice: end it first with `pgsup down`, or "
                     "`pgsup down --keep`, which leaves the VMs running");
}

static int run(struct invocation *invocation, struct error *error) {
    const char *port = invocation_option(invocation, "ph-port");
    if (!port) {
        error_set(error, ERROR_USAGE, "give what is to be changed: --ph-port PORT");
        return EXIT_FAILURE;
    }
    if (!check_no_supervisor(invocation->home, error) ||
        !cloud_set_port(invocation->home, port, error))
        return EXIT_FAILURE;
    printf("port %s is for the next `pgsup up`, and for guests from their next start on\n", port);
    return EXIT_SUCCESS;
}

const struct command cmd_cloud_set = {
    .path = "cloud set",
    .summary = "Change a setting of the cloud home",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run,
};
