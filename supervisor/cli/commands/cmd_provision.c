#include "base/alloc.h"
#include "base/file.h"
#include "base/given_file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/definition_report.h"
#include "cli/link/vm_command.h"
#include "cli/output/progress.h"
#include "home/access/ansible_log.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {.name = "playbook", .value = "FILE", .help = "run this playbook instead of deploy.yaml"},
    {.name = "wait", .letter = 'w', .help = "wait until it has finished, and report the result"},
    {.name = "timeout",
     .value = "DURATION",
     .help = "stop waiting after this time; provisioning continues",
     .fallback = "1800"},
    PROGRESS_OPTIONS,
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static void show_provision(const struct invocation *invocation, const char *name) {
    struct ansible_recap recap;
    if (!invocation_flag(invocation, "wait"))
        printf("%s is being provisioned\n", name);
    else if (ansible_log_recap(invocation->home, name, &recap))
        printf("%s is provisioned: ok %u, changed %u\n", name, recap.ok, recap.changed);
    else
        printf("%s is provisioned\n", name);
}

static bool call_provision(struct invocation *invocation, struct client *client, const char *name,
                           struct error *error) {
    uint64_t timeout_ms;
    struct progress progress;
    if (!invocation_duration(invocation, "timeout", 1000, &timeout_ms, error) ||
        !progress_init(&progress, invocation, error))
        return false;
    progress.provisions = true;
    const char *given = invocation_option(invocation, "playbook");
    scoped(alloc_release) char *playbook = given ? file_absolute(given) : NULL;
    progress_add(&progress, name);
    json_t *params = json_object();
    if (playbook)
        json_object_set_new(params, "playbook", json_string(playbook));
    json_object_set_new(params, "name", json_string(name));
    json_object_set_new(params, "wait", json_boolean(invocation_flag(invocation, "wait")));
    json_object_set_new(params, "timeout_ms", json_integer((json_int_t)timeout_ms));
    json_t *result = client_call_shown(client, "provision", params, &progress, error);
    bool good = result != NULL;
    if (error->code == ERROR_CANCELLED) {
        error_clear(error);
        error_set(error, ERROR_CANCELLED,
                  "provisioning of %s goes on: `pgsup wait %s --for provisioned` waits again", name,
                  name);
    }
    progress_done(&progress);
    json_decref(result);
    return good;
}

/* What came with an imported home is the user's own from now on. */
static bool release_playbook(const struct home *home, const char *name, struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, name, &instance, error) &&
                (!instance.holds_playbook ||
                 instance_table_set_holds_playbook(home->store, instance.id, false, error));
    store_instance_done(&instance);
    return good;
}

/* It is read by the supervisor's child, later. */
static bool check_playbook(const char *path, struct error *error) {
    return invocation_check_file(path, "playbook", error) &&
           (given_file_is_lasting(path) ||
            error_set(
                error, ERROR_INVALID,
                "the playbook has to be a file: roles and variables are looked for beside it"));
}

static int run_provision(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *playbook = invocation_option(invocation, "playbook");
    if (playbook && !check_playbook(playbook, error))
        return EXIT_FAILURE;
    struct client *client = client_open(invocation->home, error);
    if (client && release_playbook(invocation->home, name, error) &&
        call_provision(invocation, client, name, error) && !invocation->quiet)
        show_provision(invocation, name);
    client_close(client);
    return EXIT_SUCCESS;
}

static void report_provision(struct invocation *invocation, struct error *error) {
    (void)error;
    vm_command_print_json(invocation_argument(invocation, 0), NULL,
                          invocation_flag(invocation, "wait") ? "provisioned" : "begun");
}

const struct command cmd_provision = {
    .path = "provision",
    .summary = "Run an instance's Ansible playbook again",
    .arguments = "NAME",
    .details = "Runs deploy.yaml in the instance's folder, as the supervisor does once after the "
               "phone-home: as the owner of the home, with inventory.yaml and ansible.cfg "
               "written again unless you have edited them. The guest must be ready. The output "
               "is in ansible.log, the result in `pgsup info NAME`. If a run is under way, this "
               "command joins it.\n"
               "\n"
               "If the instance has no deploy.yaml, pgsup copies PATH/deploy.yaml, if there is "
               "one. ansible-galaxy first installs what requirements.yml names, in the "
               "instance's folder or else in PATH. See `pgsup help ansible`.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_RUN,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_provision,
    .report = report_provision,
};
