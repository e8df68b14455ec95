#include "vm_command.h"

#include "base/strv.h"
#include "cli/link/client.h"
#include "cli/output/progress.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>

static bool collect_names(struct invocation *invocation, struct strv *names, struct error *error) {
    size_t count = invocation_argument_count(invocation);
    bool all = invocation_flag(invocation, "all");
    if (all == (count > 0))
        return error_set(error, ERROR_USAGE, "name the instances, or use --all");
    for (size_t i = 0; i < count; i++)
        strv_push(names, invocation_argument(invocation, i));
    struct store_instances instances = {0};
    if (all && !instance_table_list(invocation->home->store, &instances, error))
        return false;
    for (size_t i = 0; i < instances.count; i++)
        strv_push(names, instances.items[i].name);
    store_instances_done(&instances);
    return true;
}

/* The first failure decides the exit status. With several names each failure is printed
 * immediately, and the caller prints nothing more. */
static void note_failure(size_t names, const struct error *failure, int *status,
                         struct error *error) {
    if (*status == 0)
        *status = error_exit_status(failure->code);
    if (names > 1)
        fprintf(stderr, "pgsup: %s\n", failure->text);
    else
        *error = *failure;
}

static void show_result(const struct invocation *invocation, const struct vm_command *command,
                        const char *name, json_t *result) {
    if (command->warn)
        command->warn(name, result);
    if (!invocation->quiet)
        command->show(name, result);
}

static int run_supervised(struct invocation *invocation, struct client *client,
                          struct vm_command *command, const struct strv *names,
                          struct error *error) {
    int status = 0;
    size_t sent = 0;
    for (; sent < names->count; sent++) {
        json_t *params = json_copy(command->params);
        json_object_set_new(params, "name", json_string(names->items[sent]));
        if (!client_send(client, command->method, params, error))
            return status;
    }
    struct progress progress = {.invocation = invocation};
    while (sent-- > 0) {
        struct client_answer answer;
        bool received = client_receive(client, progress_show, &progress, &answer, error);
        progress_clear(&progress);
        if (!received)
            return status;
        if (!answer.result)
            note_failure(names->count, &answer.error, &status, error);
        else if (answer.id >= 1 && (size_t)answer.id <= names->count)
            show_result(invocation, command, names->items[answer.id - 1], answer.result);
        fflush(stdout);
        json_decref(answer.result);
    }
    return status;
}

static int run_offline(struct invocation *invocation, struct vm_command *command,
                       const struct strv *names, struct error *error) {
    int status = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct error failure = {0};
        command->offline(invocation, names->items[i], command->context, &failure);
        if (failure.code != ERROR_NONE)
            note_failure(names->count, &failure, &status, error);
    }
    return status;
}

int vm_command_run(struct invocation *invocation, struct vm_command *command, struct error *error) {
    struct strv names = {0};
    struct error absent = {0};
    struct client *client = NULL;
    int status = 0;
    if (collect_names(invocation, &names, error)) {
        client = client_open(invocation->home, &absent);
        if (client)
            status = run_supervised(invocation, client, command, &names, error);
        else if (command->offline && absent.code == ERROR_NO_SUPERVISOR)
            status = run_offline(invocation, command, &names, error);
        else
            *error = absent;
    }
    client_close(client);
    strv_done(&names);
    json_decref(command->params);
    return status;
}
