#include "cli/link/ssh_command.h"

#include "base/alloc.h"
#include "cli/link/reachable.h"
#include "home/access/endpoint.h"
#include "home/access/known_hosts.h"
#include "home/access/ssh_config.h"
#include "home/access/ssh_identity.h"
#include "host/program.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* The supervisor reports a guest as ready shortly before it has stored its keys. */
enum { KEYS_TIMEOUT_MS = 5000, POLL_INTERVAL_MS = 100 };

enum { SETTINGS_TIMEOUT_MS = 5000 };

/* With user networking QEMU accepts the connection even if the guest does not. */
enum { CONNECT_TIMEOUT_S = 30, BATCH_TIMEOUT_S = 10 };

static char *find_keys(struct home *home, const struct store_instance *instance,
                       struct error *error) {
    for (int waited = 0;; waited += POLL_INTERVAL_MS) {
        char *keys = known_hosts_keys(home, instance, error);
        if (!keys || *keys)
            return keys;
        free(keys);
        if (waited >= KEYS_TIMEOUT_MS) {
            error_set(error, ERROR_WRONG_STATE,
                      "the host key of %s is not known: it has not phoned home yet "
                      "(`pgsup start %s --wait`)",
                      instance->name, instance->name);
            return NULL;
        }
        poll(NULL, 0, POLL_INTERVAL_MS);
    }
}

struct target {
    struct home *home;
    struct store_instance instance;
    struct endpoint endpoint;
};

/* An agent that only the user's own configuration names (of a password manager, say) is asked if no
 * file has the private key. */
static void add_agent(const struct target *target, struct strv *argv) {
    static const char key[] = "\nidentityagent ";
    struct store_cloud cloud = {0};
    scoped(buffer_done) struct buffer output = {0};
    char *words[] = {argv->items[0], "-G", target->instance.name, NULL};
    char *file =
        cloud_table_get(target->home->store, &cloud, NULL) ? ssh_identity_file(&cloud) : NULL;
    store_cloud_done(&cloud);
    if (!file && program_run(words, SETTINGS_TIMEOUT_MS, &output, NULL) && output.data) {
        const char *found = strstr(output.data, key);
        found = found ? found + strlen(key) : "";
        size_t length = strcspn(found, "\n");
        if (length && !memchr(found, '"', length))
            strv_pushf(argv, "-oIdentityAgent=\"%.*s\"", (int)length, found);
    }
    free(file);
}

static bool make_argv(const struct target *target, const struct ssh_command *command,
                      struct strv *argv, struct error *error) {
    scoped(alloc_release) char *program = program_find("ssh", error);
    scoped(alloc_release) char *configuration = home_file(target->home, SSH_CONFIG);
    if (!program)
        return false;
    strv_push(argv, program);
    strv_push(argv, "-F");
    strv_push(argv, configuration);
    for (size_t i = 0; command->options && i < command->options->count; i++)
        strv_push(argv, command->options->items[i]);
    add_agent(target, argv);
    strv_pushf(argv, "-oConnectTimeout=%d", command->batch ? BATCH_TIMEOUT_S : CONNECT_TIMEOUT_S);
    if (command->batch)
        strv_push(argv, "-oBatchMode=yes");
    if (command->user) {
        strv_push(argv, "-l");
        strv_push(argv, command->user);
    }
    strv_push(argv, "--");
    strv_push(argv, target->instance.name);
    return true;
}

static bool check_address(const struct target *target, struct error *error) {
    return target->endpoint.address[0] ||
           error_set(error, ERROR_WRONG_STATE,
                     "the address of %s is not known yet: `pgsup ip %s --wait` waits for it",
                     target->instance.name, target->instance.name);
}

bool ssh_command_make(struct home *home, const struct ssh_command *command, struct strv *argv,
                      struct error *error) {
    struct target target = {.home = home};
    scoped(alloc_release) char *keys = NULL;
    bool good = instance_table_get(home->store, command->name, &target.instance, error) &&
                reachable_check(home, &target.instance, error) &&
                (keys = find_keys(home, &target.instance, error)) &&
                endpoint_find(home, &target.instance, &target.endpoint, error) &&
                check_address(&target, error) &&
                known_hosts_write(home, &target.instance, &target.endpoint, keys, error) &&
                ssh_config_write(home, error) && make_argv(&target, command, argv, error);
    store_instance_done(&target.instance);
    return good;
}
