#include "base/alloc.h"
#include "cli/direct.h"
#include "cli/invocation.h"
#include "cli/table.h"
#include "home/instance.h"
#include "home/running.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"force", 'f', .help = "end the VM at once if it runs"},
    OPTIONS_END,
};

/* Well when no VM of it runs any more. */
static bool end_vm(const struct invocation *invocation, const char *name, struct error *error) {
    struct running running = {0};
    if (!running_find(invocation->home->run, name, &running))
        return true;
    bool ended = false;
    if (invocation_flag(invocation, "force")) {
        struct direct_stop stop = {.force = true};
        scoped(alloc_release) char *outcome = direct_stop(invocation->home, &running, &stop, error);
        ended = outcome != NULL;
    } else {
        error_set(error, ERROR_WRONG_STATE,
                  "instance \"%s\" runs (pid %ld): stop it with `pgsup stop %s`, or give -f", name,
                  (long)running.pid, name);
    }
    running_done(&running);
    return ended;
}

static int run(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return EXIT_FAILURE;
    bool removed =
        end_vm(invocation, name, error) && instance_remove(invocation->home, &instance, error);
    store_instance_done(&instance);
    if (!removed)
        return EXIT_FAILURE;
    printf("instance \"%s\" removed\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_remove = {
    .path = "instance remove",
    .alias = "rm",
    .summary = "Remove an instance with its disk and all its files",
    .arguments = "NAME",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run,
};
