#include "cli/link/guest_ready.h"

#include "base/interrupt.h"
#include "cli/link/client.h"

static bool call_wait(struct invocation *invocation, struct client *client, const char *name,
                      struct error *error) {
    struct progress progress;
    uint64_t timeout_ms;
    if (!invocation_duration(invocation, "timeout", 1000, &timeout_ms, error) ||
        !progress_init(&progress, invocation, error))
        return false;
    progress_add(&progress, name);
    json_t *params =
        json_pack("{sssssI}", "name", name, "for", "ready", "timeout_ms", (json_int_t)timeout_ms);
    json_t *result = client_call_shown(client, "wait", params, &progress, error);
    bool good = result != NULL;
    progress_done(&progress);
    json_decref(result);
    return good;
}

bool guest_ready_wait(struct invocation *invocation, const char *name, struct error *error) {
    if (!invocation_flag(invocation, "wait"))
        return true;
    interrupt_watch();
    struct client *client = client_open(invocation->home, error);
    bool good = client && call_wait(invocation, client, name, error);
    client_close(client);
    if (error->code == ERROR_CANCELLED) {
        error_clear(error);
        error_set(error, ERROR_CANCELLED, "%s goes on as it was: `pgsup wait %s` waits again", name,
                  name);
    }
    return good;
}
