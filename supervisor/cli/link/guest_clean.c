#include "guest_clean.h"

#include "base/alloc.h"
#include "cli/link/agent_command.h"
#include "cli/link/ssh_command.h"
#include "host/program.h"
#include "store/guest_table.h"

#include <stdio.h>
#include <string.h>

enum { CLEAN_TIMEOUT_MS = 60000 };

bool guest_clean_is_needed(const struct invocation *invocation,
                           const struct store_instance *instance, bool *due, struct error *error) {
    struct store_guest guest = {0};
    bool good = guest_table_get(invocation->home->store, instance->id, &guest, error);
    *due = instance->seed == STORE_SEED_HTTP || guest.trusts_cache;
    store_guest_done(&guest);
    return good;
}

static bool clean_by_ssh(struct home *home, const char *name, struct error *error) {
    struct ssh_command command = {.name = name, .user = "ansible", .batch = true};
    scoped(strv_done) struct strv argv = {0};
    scoped(buffer_done) struct buffer output = {0};
    if (!ssh_command_make(home, &command, &argv, error))
        return false;
    strv_push(&argv, "sudo cloud-init clean");
    return program_run(argv.items, CLEAN_TIMEOUT_MS, &output, error);
}

bool guest_clean(const struct invocation *invocation, const struct store_instance *instance,
                 const struct running *running, struct error *error) {
    static const char *const argv[] = {"cloud-init", "clean", NULL};
    struct home *home = invocation->home;
    struct error problem = {0}, other = {0};
    if (!running->name) {
        printf("%s was seeded over HTTP and keeps its cached seed: after the next start "
               "run\n"
               "  pgsup ssh %s -- sudo cloud-init clean --reboot\n",
               instance->name, instance->name);
        return true;
    }
    if (!clean_by_ssh(home, instance->name, &problem) &&
        !(running->tag && agent_command_run(home, running, argv, CLEAN_TIMEOUT_MS, &other)))
        return error_set(
            error, problem.code,
            "the setting is changed, but `cloud-init clean` failed in the guest (%s): run "
            "`pgsup ssh %s -- sudo cloud-init clean --reboot`",
            problem.text, instance->name);
    /* One that is seeded over HTTP fetches it again, and with it that it is to be trusted. */
    return instance->seed == STORE_SEED_HTTP ||
           guest_table_set_trust(home->store, instance->id, false, error);
}
