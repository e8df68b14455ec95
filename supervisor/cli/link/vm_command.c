#include "vm_command.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/strv.h"
#include "cli/error_json.h"
#include "cli/link/auto_up.h"
#include "cli/link/client.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct named_failure {
    const char *name;
    size_t names; /* how many there are */
    const struct error *error;
};

/* The first failure decides the exit status. With several names each failure is printed
 * immediately, and the caller prints nothing more. */
static void note_failure(struct invocation *invocation, const struct named_failure *failed,
                         int *status, struct error *error) {
    const struct error *failure = failed->error;
    if (*status == 0)
        *status = error_exit_status(failure->code);
    scoped(alloc_release) char *text = name_safe(failure->text);
    if (invocation_wants_json(invocation))
        error_json_print(failed->name, failure);
    invocation->told = true;
    if (failed->names > 1)
        fprintf(stderr, "pgsup: %s\n", text);
    else
        *error = *failure;
}

void vm_command_print_json(const char *name, const char *state, const char *outcome) {
    json_t *object = json_object();
    json_output_schema(object);
    json_object_set_new(object, "name", json_output_text(name));
    json_object_set_new(object, "ok", json_true());
    json_object_set_new(object, "state", json_output_text(state));
    json_object_set_new(object, "outcome", json_output_text(outcome));
    json_output_line(object);
}

static void show_result(const struct invocation *invocation, const struct vm_command *command,
                        const char *name, json_t *result) {
    if (command->warn)
        command->warn(name, result);
    if (invocation_wants_json(invocation))
        vm_command_print_json(name, json_string_value(json_object_get(result, "state")),
                              json_string_value(json_object_get(result, "outcome")));
    else if (!invocation->quiet)
        command->show(invocation, name, result);
}

static bool send_all(struct client *client, const struct vm_command *command,
                     const struct strv *names, struct error *error) {
    for (size_t i = 0; i < names->count; i++) {
        json_t *params = json_copy(command->params);
        json_object_set_new(params, "name", json_string(names->items[i]));
        if (!client_send(client, command->method, params, error))
            return false;
    }
    return true;
}

/* After Ctrl-C: what goes on, and how to wait for it again. */
static void tell_going(const struct vm_command *command, const struct strv *names,
                       struct error *error) {
    struct buffer listed = {0}, words = {0};
    bool ready = strcmp(command->awaits, "ready") == 0;
    for (size_t i = 0; i < names->count; i++) {
        buffer_printf(&listed, "%s%s", i ? ", " : "", names->items[i]);
        buffer_printf(&words, " %s", names->items[i]);
    }
    error_clear(error);
    error_set(error, ERROR_CANCELLED, "%s go%s on %s: `pgsup wait%s%s%s` waits again", listed.data,
              names->count == 1 ? "es" : "", command->going, words.data, ready ? "" : " --for ",
              ready ? "" : command->awaits);
    buffer_done(&listed);
    buffer_done(&words);
}

struct supervised { /* requests under way */
    struct invocation *invocation;
    const struct vm_command *command;
    const struct strv *names;
    struct progress progress;
    int status;
};

static void take_answer(struct supervised *run, const struct client_answer *answer,
                        struct error *error) {
    bool named = answer->id >= 1 && (size_t)answer->id <= run->names->count;
    const char *name = named ? run->names->items[answer->id - 1] : "";
    progress_finish(&run->progress, name);
    if (!answer->result)
        note_failure(run->invocation,
                     &(struct named_failure){name, run->names->count, &answer->error}, &run->status,
                     error);
    else if (named)
        show_result(run->invocation, run->command, name, answer->result);
    fflush(stdout);
    json_decref(answer->result);
}

static int run_supervised(struct invocation *invocation, struct client *client,
                          const struct vm_command *command, const struct strv *names,
                          struct error *error) {
    struct supervised run = {invocation, command, names, {0}, 0};
    bool good = progress_init(&run.progress, invocation, error);
    run.progress.provisions = command->provisions;
    for (size_t i = 0; i < names->count; i++)
        progress_add(&run.progress, names->items[i]);
    interrupt_watch();
    good = good && send_all(client, command, names, error);
    for (size_t left = names->count; good && left > 0; left--) {
        struct client_answer answer;
        good = client_receive(client, &run.progress, &answer, error);
        progress_clear(&run.progress);
        if (good)
            take_answer(&run, &answer, error);
        else if (error->code == ERROR_CANCELLED)
            tell_going(command, &run.progress.names, error);
    }
    progress_done(&run.progress);
    return run.status;
}

static int run_offline(struct invocation *invocation, struct vm_command *command,
                       const struct strv *names, struct error *error) {
    int status = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct error failure = {0};
        command->offline(invocation, names->items[i], command->context, &failure);
        if (failure.code != ERROR_NONE)
            note_failure(invocation,
                         &(struct named_failure){names->items[i], names->count, &failure}, &status,
                         error);
    }
    return status;
}

/* Without a supervisor a name that does not exist is what is told. */
static void tell_absent(struct invocation *invocation, const struct strv *names,
                        const struct error *absent, struct error *error) {
    for (size_t i = 0; i < names->count && error->code == ERROR_NONE; i++) {
        struct store_instance instance = {0};
        instance_table_get(invocation->home->store, names->items[i], &instance, error);
        store_instance_done(&instance);
    }
    error_copy(error, absent);
}

static struct client *open_client(const struct invocation *invocation,
                                  const struct vm_command *command, struct error *error) {
    struct error failed = {0};
    struct client *client = client_open(invocation->home, error);
    if (client || !command->may_begin || error->code != ERROR_NO_SUPERVISOR)
        return client;
    if (auto_up(invocation, &failed)) {
        error_clear(error);
        return client_open(invocation->home, error);
    }
    if (failed.code != ERROR_NONE)
        *error = failed;
    return NULL;
}

int vm_command_run(struct invocation *invocation, struct vm_command *command, struct error *error) {
    struct strv names = {0};
    struct error absent = {0};
    struct client *client = NULL;
    int status = 0;
    if (collect_names(invocation, &names, error)) {
        client = open_client(invocation, command, &absent);
        if (client)
            status = run_supervised(invocation, client, command, &names, error);
        else if (command->offline && absent.code == ERROR_NO_SUPERVISOR)
            status = run_offline(invocation, command, &names, error);
        else
            tell_absent(invocation, &names, &absent, error);
    }
    client_close(client);
    strv_done(&names);
    json_decref(command->params);
    return status;
}
