#include "cli/link/ssh_command.h"

#include "base/alloc.h"
#include "home/access/ansible.h"
#include "home/access/endpoint.h"
#include "home/access/known_hosts.h"
#include "home/access/ssh_option.h"
#include "home/layout.h"
#include "host/program.h"

#include <poll.h>
#include <stdlib.h>

/* The supervisor reports a guest as ready shortly before it has stored its keys. */
enum { KEYS_TIMEOUT_MS = 5000, POLL_INTERVAL_MS = 100 };

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

static bool make_argv(const struct target *target, const struct ssh_command *command,
                      struct strv *argv, struct error *error) {
    struct home *home = target->home;
    const struct store_instance *instance = &target->instance;
    struct store_cloud cloud = {0};
    scoped(alloc_release) char *program = program_find("ssh", error);
    if (!program || !cloud_table_get(home->store, &cloud, error))
        return false;
    scoped(alloc_release) char *key = ansible_private_key(&cloud);
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    store_cloud_done(&cloud);
    strv_push(argv, program);
    scoped(alloc_release) char *known_hosts = alloc_printf("%s/" LAYOUT_KNOWN_HOSTS, folder);
    scoped(alloc_release) char *option = ssh_option_path("UserKnownHostsFile", known_hosts);
    strv_pushf(argv, "-o%s", option);
    strv_push(argv, "-oGlobalKnownHostsFile=/dev/null");
    strv_push(argv, "-oStrictHostKeyChecking=yes");
    strv_pushf(argv, "-oHostKeyAlias=%s", instance->instance_id);
    strv_pushf(argv, "-p%u", target->endpoint.port);
    if (key) {
        scoped(alloc_release) char *identity = ssh_option_path("IdentityFile", key);
        strv_pushf(argv, "-o%s", identity);
    }
    strv_pushf(argv, "-oConnectTimeout=%d", command->batch ? BATCH_TIMEOUT_S : CONNECT_TIMEOUT_S);
    if (command->batch)
        strv_push(argv, "-oBatchMode=yes");
    strv_push(argv, "-l");
    strv_push(argv, command->user);
    strv_push(argv, "--");
    strv_push(argv, target->endpoint.address);
    return true;
}

bool ssh_command_make(struct home *home, const struct ssh_command *command, struct strv *argv,
                      struct error *error) {
    struct target target = {.home = home};
    scoped(alloc_release) char *keys = NULL;
    bool good = instance_table_get(home->store, command->name, &target.instance, error) &&
                (keys = find_keys(home, &target.instance, error)) &&
                endpoint_find(home, &target.instance, &target.endpoint, error) &&
                known_hosts_write(home, &target.instance, &target.endpoint, keys, error) &&
                make_argv(&target, command, argv, error);
    store_instance_done(&target.instance);
    return good;
}
