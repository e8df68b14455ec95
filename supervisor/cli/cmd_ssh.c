#include "base/alloc.h"
#include "base/strv.h"
#include "cli/invocation.h"
#include "cli/table.h"
#include "home/ansible.h"
#include "home/known_hosts.h"
#include "home/program.h"
#include "home/ssh_option.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The supervisor tells that a guest is ready a moment before its keys are in the store. */
enum { KEYS_LIMIT_MS = 5000, LOOK_INTERVAL_MS = 100, TRANSPORT_STATUS = 255 };

static const struct option_spec options[] = {
    {.name = "user",
     .letter = 'l',
     .value = "USER",
     .help = "log in as this user",
     .fallback = "ansible"},
    OPTIONS_END,
};

static char *find_keys(struct home *home, const struct store_instance *instance,
                       struct error *error) {
    for (int waited = 0;; waited += LOOK_INTERVAL_MS) {
        char *keys = known_hosts_keys(home, instance, error);
        if (!keys || *keys)
            return keys;
        free(keys);
        if (waited >= KEYS_LIMIT_MS) {
            error_set(error, ERROR_WRONG_STATE,
                      "the host key of %s is not known: it has not phoned home yet "
                      "(`pgsup start %s --wait`)",
                      instance->name, instance->name);
            return NULL;
        }
        poll(NULL, 0, LOOK_INTERVAL_MS);
    }
}

static bool make_argv(struct invocation *invocation, const struct store_instance *instance,
                      const struct instance_endpoint *endpoint, struct strv *argv,
                      struct error *error) {
    struct store_cloud cloud = {0};
    scoped(alloc_release) char *program = program_find("ssh", error);
    if (!program || !cloud_table_get(invocation->home->store, &cloud, error))
        return false;
    scoped(alloc_release) char *key = ansible_private_key(&cloud);
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, instance->name);
    store_cloud_done(&cloud);
    strv_push(argv, program);
    scoped(alloc_release) char *known_hosts = alloc_printf("%s/known_hosts", folder);
    scoped(alloc_release) char *option = ssh_option_path("UserKnownHostsFile", known_hosts);
    strv_pushf(argv, "-o%s", option);
    strv_push(argv, "-oGlobalKnownHostsFile=/dev/null");
    strv_push(argv, "-oStrictHostKeyChecking=yes");
    strv_pushf(argv, "-oHostKeyAlias=%s", instance->instance_id);
    strv_pushf(argv, "-p%u", endpoint->port);
    if (key) {
        scoped(alloc_release) char *identity = ssh_option_path("IdentityFile", key);
        strv_pushf(argv, "-o%s", identity);
    }
    strv_push(argv, "-l");
    strv_push(argv, invocation_option(invocation, "user"));
    strv_push(argv, "--");
    strv_push(argv, endpoint->address);
    for (size_t i = 1; i < invocation_argument_count(invocation); i++)
        strv_push(argv, invocation_argument(invocation, i));
    return true;
}

static bool prepare(struct invocation *invocation, struct strv *argv, struct error *error) {
    struct home *home = invocation->home;
    struct store_instance instance = {0};
    struct instance_endpoint endpoint = {0};
    scoped(alloc_release) char *keys = NULL;
    bool good =
        instance_table_get(home->store, invocation_argument(invocation, 0), &instance, error) &&
        (keys = find_keys(home, &instance, error)) &&
        instance_endpoint(home, &instance, &endpoint, error) &&
        known_hosts_write(home, &instance, &endpoint, keys, error) &&
        make_argv(invocation, &instance, &endpoint, argv, error);
    store_instance_done(&instance);
    return good;
}

static int run(struct invocation *invocation, struct error *error) {
    struct strv argv = {0};
    if (prepare(invocation, &argv, error)) {
        fflush(stdout);
        execv(argv.items[0], argv.items);
        error_errno(error, "cannot run %s", argv.items[0]);
    }
    strv_done(&argv);
    return TRANSPORT_STATUS;
}

const struct command cmd_ssh = {
    .path = "ssh",
    .alias = "shell",
    .summary = "Log in to a guest, or run a command there",
    .arguments = "NAME [COMMAND...]",
    .details =
        "The guest's host key is checked against the one that it was given, or phoned home. The exit\n"
        "status is the command's, or 255 when ssh itself failed.\n"
        "\n"
        "  pgsup ssh test -- uname -m",
    .options = options,
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .stop_at_arguments = true,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run,
};
