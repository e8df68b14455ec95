#include "vm_command.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/error_json.h"
#include "cli/link/auto_up.h"
#include "cli/link/client.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool select_instances(struct invocation *invocation, struct selection *selection,
                             struct error *error) {
    bool named = invocation_argument_count(invocation) > 0 || invocation_given(invocation, "group");
    if (invocation_flag(invocation, "all") == named)
        return error_set(error, ERROR_USAGE, "name the instances, or use --all or --group");
    return selection_read(invocation, selection, error);
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

struct supervised { /* requests under way */
    struct invocation *invocation;
    const struct vm_command *command;
    const struct selection *selection;
    struct progress progress;
    bool *sent, *done;
    size_t *order; /* index of each request that was sent, in turn */
    size_t requests, answers;
    int status;
};

/* The next one waits for what the command is to bring about, and not only for its beginning. */
static json_t *make_params(const struct supervised *run, size_t index) {
    const struct vm_command *command = run->command;
    json_t *params = json_copy(command->params);
    json_object_set_new(params, "name", json_string(run->selection->names.items[index]));
    if (command->order == SELECTION_AFTER &&
        selection_is_awaited(run->selection, command->order, index))
        json_object_set_new(params, "wait", json_true());
    return params;
}

static bool send_due(struct supervised *run, struct client *client, struct error *error) {
    const struct selection *selection = run->selection;
    for (size_t i = 0; i < selection->names.count; i++) {
        if (run->sent[i] || !selection_is_due(selection, run->command->order, run->done, i))
            continue;
        if (!client_send(client, run->command->method, make_params(run, i), error))
            return false;
        progress_add(&run->progress, selection->names.items[i]);
        run->sent[i] = true;
        run->order[run->requests++] = i;
    }
    return true;
}

static void list_unsent(const struct supervised *run, struct buffer *text) {
    for (size_t i = 0; i < run->selection->names.count; i++)
        if (!run->sent[i])
            buffer_printf(text, "%s%s", text->length ? ", " : "", run->selection->names.items[i]);
}

/* After Ctrl-C: what goes on, and how to wait for it again. */
static void tell_going(const struct supervised *run, struct error *error) {
    const struct vm_command *command = run->command;
    const struct strv *names = &run->progress.names;
    scoped(buffer_done) struct buffer listed = {0}, words = {0}, unsent = {0};
    bool ready = strcmp(command->awaits, "ready") == 0;
    for (size_t i = 0; i < names->count; i++) {
        buffer_printf(&listed, "%s%s", i ? ", " : "", names->items[i]);
        buffer_printf(&words, " %s", names->items[i]);
    }
    list_unsent(run, &unsent);
    error_clear(error);
    error_set(error, ERROR_CANCELLED, "%s go%s on %s: `pgsup wait%s%s%s` waits again%s%s%s",
              listed.data, names->count == 1 ? "es" : "", command->going, words.data,
              ready ? "" : " --for ", ready ? "" : command->awaits,
              unsent.length ? "; not asked yet: " : "", unsent.length ? unsent.data : "",
              command->left_out ? command->left_out : "");
}

static bool finish(const struct supervised *run, const char *name, struct error *error) {
    const struct vm_command *command = run->command;
    return !command->finish || command->finish(run->invocation, name, error);
}

static void take_answer(struct supervised *run, const struct client_answer *answer,
                        struct error *error) {
    struct error failure = answer->error;
    bool named = answer->id >= 1 && (size_t)answer->id <= run->requests;
    size_t index = named ? run->order[answer->id - 1] : 0;
    const char *name = named ? run->selection->names.items[index] : "";
    run->done[index] |= named;
    progress_finish(&run->progress, name);
    bool finished = answer->result && (!named || finish(run, name, &failure));
    if (!finished && answer->result && !invocation_wants_json(run->invocation))
        show_result(run->invocation, run->command, name, answer->result);
    if (!finished)
        note_failure(run->invocation,
                     &(struct named_failure){name, run->selection->names.count, &failure},
                     &run->status, error);
    else if (named)
        show_result(run->invocation, run->command, name, answer->result);
    fflush(stdout);
    json_decref(answer->result);
}

static bool exchange(struct supervised *run, struct client *client, struct error *error) {
    bool good = send_due(run, client, error);
    while (good && run->answers < run->requests) {
        struct client_answer answer;
        good = client_receive(client, &run->progress, &answer, error);
        progress_clear(&run->progress);
        if (!good && error->code == ERROR_CANCELLED)
            tell_going(run, error);
        if (!good)
            break;
        take_answer(run, &answer, error);
        run->answers++;
        good = send_due(run, client, error);
    }
    return good;
}

static int run_supervised(struct invocation *invocation, struct client *client,
                          const struct vm_command *command, const struct selection *selection,
                          struct error *error) {
    size_t count = selection->names.count + 1;
    struct supervised run = {invocation,
                             command,
                             selection,
                             .sent = alloc_zero(count * sizeof *run.sent),
                             .done = alloc_zero(count * sizeof *run.done),
                             .order = alloc_zero(count * sizeof *run.order)};
    bool good = progress_init(&run.progress, invocation, error);
    run.progress.provisions = command->provisions;
    interrupt_watch();
    if (good)
        exchange(&run, client, error);
    progress_done(&run.progress);
    free(run.sent);
    free(run.done);
    free(run.order);
    return run.status;
}

/* One after the other. */
static int run_offline(struct invocation *invocation, struct vm_command *command,
                       const struct selection *selection, struct error *error) {
    size_t count = selection->names.count, left = count;
    bool *done = alloc_zero((count + 1) * sizeof *done);
    int status = 0;
    for (size_t i = 0; left > 0; i = (i + 1) % count) {
        struct error failure = {0};
        if (done[i] || !selection_is_due(selection, command->order, done, i))
            continue;
        command->offline(invocation, selection->names.items[i], command->context, &failure);
        if (failure.code != ERROR_NONE)
            note_failure(invocation,
                         &(struct named_failure){selection->names.items[i], count, &failure},
                         &status, error);
        done[i] = true;
        left--;
    }
    free(done);
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

static bool prepare_all(const struct invocation *invocation, const struct vm_command *command,
                        const struct strv *names, struct error *error) {
    for (size_t i = 0; command->prepare && i < names->count; i++)
        if (!command->prepare(invocation, names->items[i], error))
            return false;
    return true;
}

int vm_command_run(struct invocation *invocation, struct vm_command *command, struct error *error) {
    struct selection selection = {0};
    struct error absent = {0};
    struct client *client = NULL;
    int status = 0;
    if (select_instances(invocation, &selection, error)) {
        client = open_client(invocation, command, &absent);
        if (client && prepare_all(invocation, command, &selection.names, error))
            status = run_supervised(invocation, client, command, &selection, error);
        else if (!client && command->offline && absent.code == ERROR_NO_SUPERVISOR)
            status = run_offline(invocation, command, &selection, error);
        else if (!client)
            tell_absent(invocation, &selection.names, &absent, error);
    }
    client_close(client);
    selection_done(&selection);
    json_decref(command->params);
    return status;
}
