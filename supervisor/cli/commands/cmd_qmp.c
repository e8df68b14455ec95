#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/offline.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "home/running.h"

#include <stdio.h>

static int run_qmp(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *command = invocation_argument(invocation, 1);
    const char *text = invocation_argument(invocation, 2);
    json_error_t problem;
    json_t *arguments = text ? json_loads(text, JSON_REJECT_DUPLICATES, &problem) : NULL;
    if (text && !json_is_object(arguments)) {
        error_set(error, ERROR_USAGE,
                  "the arguments must be a JSON object, like '{\"id\": \"a\"}': %s",
                  arguments ? "this is not an object" : problem.text);
        json_decref(arguments);
        return 1;
    }
    struct running running = {0};
    if (!offline_find(invocation->home, name, &running, error)) {
        json_decref(arguments);
        return 1;
    }
    struct offline *offline = offline_open(invocation->home, &running, error);
    json_t *reply = offline ? offline_command(offline, command, arguments, error) : NULL;
    if (!offline)
        json_decref(arguments);
    if (reply)
        json_output_print(reply);
    offline_close(offline);
    running_done(&running);
    return 0;
}

const struct command cmd_qmp = {
    .path = "qmp",
    .summary = "Send QEMU one QMP command and print its return value",
    .arguments = "NAME COMMAND [JSON]",
    .details = "Uses the VM's second monitor, so that it does not disturb the supervisor and "
               "works without one. Whoever can use QMP has full control of the VM.\n"
               "\n"
               "  pgsup qmp test query-block",
    .min_arguments = 2,
    .max_arguments = 3,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .for_programs = true,
    .run = run_qmp,
};
