#include "agent_command.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "machine/core/run_file.h"

#include <poll.h>
#include <stdio.h>

enum {
    ENDING_TIMEOUT_MS = 5000, /* of a program that was told to end */
    POLL_FIRST_MS = 10,
    POLL_LAST_MS = 500,
    PID_TEXT_SIZE = 24,
    STATUS_MAX = 255,
    SIGNAL_MAX = 127,
};

void agent_result_done(struct agent_result *result) {
    buffer_done(&result->output);
    buffer_done(&result->errors);
    *result = (struct agent_result){0};
}

/* qga/qapi-schema.json, guest-exec. NULL: a word that JSON cannot hold. */
static json_t *exec_arguments(const struct agent_command *command) {
    json_t *arguments = json_object(), *list = json_array();
    json_object_set_new(arguments, "path", json_string(command->argv[0]));
    for (const char *const *each = command->argv + 1; *each; each++)
        json_array_append_new(list, json_string(*each));
    json_object_set_new(arguments, "arg", list);
    json_object_set_new(arguments, "capture-output", json_true());
    if (command->input && command->input->length) {
        scoped(buffer_done) struct buffer text = {0};
        base64_append(command->input->data, command->input->length, &text);
        json_object_set_new(arguments, "input-data", json_string(text.data));
    }
    return arguments;
}

static bool check_words(const struct agent_command *command, struct error *error) {
    for (const char *const *each = command->argv; *each; each++) {
        json_t *text = json_string(*each);
        json_decref(text);
        if (!text)
            return error_set(error, ERROR_INVALID,
                             "word %td of the command is not UTF-8: the guest agent takes no other",
                             each - command->argv + 1);
    }
    return !command->input || command->input->length <= AGENT_INPUT_MAX_BYTES ||
           error_set(error, ERROR_INVALID,
                     "standard input is more than %u MiB, which is as much as a guest agent takes: "
                     "copy it into the guest by `pgsup cp`",
                     AGENT_INPUT_MAX_BYTES >> 20);
}

static bool begin_exec(const struct agent_question *session, const struct agent_command *command,
                       json_int_t *pid) {
    json_t *answer = agent_question_ask(session, "guest-exec", exec_arguments(command));
    const json_t *number = json_object_get(answer, "pid");
    bool good = json_is_integer(number);
    *pid = json_integer_value(number);
    json_decref(answer);
    return good || error_set(session->error, ERROR_FAILED, "the guest agent tells no process");
}

static bool take_output(const json_t *answer, const char *key, struct buffer *bytes,
                        struct error *error) {
    const char *text = json_string_value(json_object_get(answer, key));
    return !text || base64_decode(text, bytes) ||
           error_set(error, ERROR_FAILED, "the guest agent told the output in a wrong way");
}

/* A status of another system may be larger than one of ours can be: it must not become 0. */
static bool take_status(const json_t *answer, struct agent_result *result, struct error *error) {
    const json_t *code = json_object_get(answer, "exitcode");
    const json_t *number = json_object_get(answer, "signal");
    json_int_t status = json_integer_value(code), signal = json_integer_value(number);
    result->status = status >= 0 && status <= STATUS_MAX ? (int)status : STATUS_MAX;
    result->signal = signal >= 0 && signal <= SIGNAL_MAX ? (int)signal : SIGNAL_MAX;
    return json_is_integer(code) || json_is_integer(number) ||
           error_set(error, ERROR_FAILED, "the guest agent does not tell how the command ended");
}

static bool take_result(const struct agent_question *session, const json_t *answer,
                        struct agent_result *result) {
    if (!take_status(answer, result, session->error))
        return false;
    result->output_cut = json_is_true(json_object_get(answer, "out-truncated"));
    result->errors_cut = json_is_true(json_object_get(answer, "err-truncated"));
    return take_output(answer, "out-data", &result->output, session->error) &&
           take_output(answer, "err-data", &result->errors, session->error);
}

/* Its children first: a shell that is ended leaves what it runs. No status is asked for. */
static void end_program(const struct agent_question *session, json_int_t pid) {
    static const char script[] =
        "end() { for c in $(cat /proc/$1/task/*/children 2>/dev/null); do end $c; done; "
        "kill -TERM $1; }; end $0";
    struct error ignored = {0};
    char number[PID_TEXT_SIZE];
    snprintf(number, sizeof number, "%lld", (long long)pid);
    const char *const argv[] = {"/bin/sh", "-c", script, number, NULL};
    const struct agent_command command = {.argv = argv};
    const struct agent_question other = {
        .path = session->path, .stubborn = true, .error = &ignored};
    json_int_t unused;
    begin_exec(&other, &command, &unused);
}

/* True: it has ended. False with an error, or without: it runs. */
static bool command_has_ended(const struct agent_question *session, json_int_t pid,
                              struct agent_result *result) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "pid", json_integer(pid));
    json_t *answer = agent_question_ask(session, "guest-exec-status", arguments);
    bool ended = json_is_true(json_object_get(answer, "exited"));
    if (!answer && session->error->code != ERROR_CANCELLED)
        error_prefix(session->error,
                     "it is not known how the command ended, because the guest or its agent was "
                     "restarted or hangs");
    bool good = ended && take_result(session, answer, result);
    json_decref(answer);
    return good;
}

/* Why it is ended before it ends. */
static bool must_end(uint64_t until_ms, uint64_t limit_ms, struct error *why) {
    if (!interrupt_check(why))
        return true;
    return clock_monotonic_ms() >= until_ms &&
           !error_set(why, ERROR_TIMEOUT,
                      "timeout: the command ran for more than %llu s in the guest",
                      (unsigned long long)(limit_ms / 1000));
}

static bool wait_told(struct agent_question *session, json_int_t pid, struct agent_result *result,
                      const struct error *why) {
    struct error lost = {0};
    uint64_t until_ms = clock_monotonic_ms() + ENDING_TIMEOUT_MS;
    struct error *error = session->error;
    session->stubborn = true;
    session->error = &lost;
    end_program(session, pid);
    bool ended = false;
    while (!ended && lost.code == ERROR_NONE && clock_monotonic_ms() < until_ms) {
        ended = command_has_ended(session, pid, result);
        poll(NULL, 0, ended ? 0 : 10 * POLL_FIRST_MS);
    }
    error_set(error, why->code, "%s%s", why->text,
              ended ? ": it was ended" : ": it was told to end, and did not");
    return false;
}

static bool wait_end(struct agent_question *session, json_int_t pid, uint64_t limit_ms,
                     struct agent_result *result) {
    uint64_t until_ms = limit_ms ? clock_monotonic_ms() + limit_ms : UINT64_MAX;
    for (int pause_ms = POLL_FIRST_MS;; pause_ms += pause_ms < POLL_LAST_MS ? pause_ms / 2 : 0) {
        struct error why = {0}, heard = {0};
        const struct agent_question asking = {.path = session->path, .error = &heard};
        if (command_has_ended(&asking, pid, result))
            return true;
        if (heard.code != ERROR_NONE && heard.code != ERROR_CANCELLED)
            return error_copy(session->error, &heard);
        if (must_end(until_ms, limit_ms, &why))
            return wait_told(session, pid, result, &why);
        poll(NULL, 0, pause_ms);
    }
}

bool agent_command_exec(const struct home *home, const struct running *running,
                        const struct agent_command *command, struct agent_result *result,
                        struct error *error) {
    json_int_t pid = 0;
    scoped(alloc_release) char *path =
        run_file_path(home->run, running->name, running->tag, RUN_FILE_AGENT);
    struct agent_question session = {.path = path, .error = error};
    return check_words(command, error) && begin_exec(&session, command, &pid) &&
           wait_end(&session, pid, command->limit_ms, result);
}

bool agent_command_run(const struct home *home, const struct running *running,
                       const char *const argv[], uint64_t limit_ms, struct error *error) {
    const struct agent_command command = {.argv = argv, .limit_ms = limit_ms};
    struct agent_result result = {0};
    bool good = agent_command_exec(home, running, &command, &result, error);
    if (good && (result.status != 0 || result.signal != 0))
        good = error_set(error, ERROR_FAILED, "the command failed in the guest (status %d)",
                         result.status);
    agent_result_done(&result);
    return good;
}
