#include "agent_process.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/interrupt.h"

#include <stdio.h>

enum { PID_TEXT_SIZE = 24, STATUS_MAX = 255, SIGNAL_MAX = 127 };

void agent_process_done(struct agent_process *process) {
    buffer_done(&process->output);
    buffer_done(&process->errors);
    *process = (struct agent_process){0};
}

/* --- its begin --- */

bool agent_process_check(const char *const argv[], const struct buffer *input,
                         struct error *error) {
    for (const char *const *each = argv; *each; each++) {
        json_t *text = json_string(*each);
        json_decref(text);
        if (!text)
            return error_set(error, ERROR_INVALID,
                             "word %td of the command is not UTF-8: the guest agent takes no other",
                             each - argv + 1);
    }
    return !input || input->length <= AGENT_KEEPS_MAX_BYTES ||
           error_set(error, ERROR_INVALID,
                     "standard input is more than %u MiB, which is as much as this guest's agent "
                     "takes: copy it into the guest by `pgsup cp`",
                     AGENT_KEEPS_MAX_BYTES >> 20);
}

/* qga/qapi-schema.json, guest-exec. */
static json_t *exec_arguments(const char *const argv[], const struct buffer *input) {
    json_t *arguments = json_object(), *list = json_array();
    json_object_set_new(arguments, "path", json_string(argv[0]));
    for (const char *const *each = argv + 1; *each; each++)
        json_array_append_new(list, json_string(*each));
    json_object_set_new(arguments, "arg", list);
    json_object_set_new(arguments, "capture-output", json_true());
    if (input && input->length) {
        scoped(buffer_done) struct buffer text = {0};
        base64_append(input->data, input->length, &text);
        json_object_set_new(arguments, "input-data", json_string(text.data));
    }
    return arguments;
}

bool agent_process_begin(struct agent_process *process, struct agent_talk *talk,
                         const char *const argv[], const struct buffer *input,
                         struct error *error) {
    if (!agent_process_check(argv, input, error))
        return false;
    json_t *answer = agent_talk_ask(talk, "guest-exec", exec_arguments(argv, input), error);
    const json_t *number = json_object_get(answer, "pid");
    bool good = json_is_integer(number);
    process->pid = json_integer_value(number);
    json_decref(answer);
    return good || error_set(error, ERROR_FAILED, "the guest agent tells no process");
}

/* --- its end --- */

static bool take_output(const json_t *answer, const char *key, struct buffer *bytes,
                        struct error *error) {
    const char *text = json_string_value(json_object_get(answer, key));
    return !text || base64_decode(text, bytes) ||
           error_set(error, ERROR_FAILED, "the guest agent told the output in a wrong way");
}

/* A status of another system may be larger than one of ours can be: it must not become 0. */
static bool take_status(const json_t *answer, struct agent_process *process, struct error *error) {
    const json_t *code = json_object_get(answer, "exitcode");
    const json_t *number = json_object_get(answer, "signal");
    json_int_t status = json_integer_value(code), signal = json_integer_value(number);
    process->status = status >= 0 && status <= STATUS_MAX ? (int)status : STATUS_MAX;
    process->signal = signal >= 0 && signal <= SIGNAL_MAX ? (int)signal : SIGNAL_MAX;
    return json_is_integer(code) || json_is_integer(number) ||
           error_set(error, ERROR_FAILED, "the guest agent does not tell how the command ended");
}

static bool take_result(const json_t *answer, struct agent_process *process, struct error *error) {
    if (!take_status(answer, process, error))
        return false;
    process->output_cut = json_is_true(json_object_get(answer, "out-truncated"));
    process->errors_cut = json_is_true(json_object_get(answer, "err-truncated"));
    return take_output(answer, "out-data", &process->output, error) &&
           take_output(answer, "err-data", &process->errors, error);
}

bool agent_process_ask(struct agent_process *process, struct agent_talk *talk,
                       struct error *error) {
    struct error heard = {0};
    json_t *arguments = json_object();
    json_object_set_new(arguments, "pid", json_integer(process->pid));
    json_t *answer = agent_talk_ask(talk, "guest-exec-status", arguments, &heard);
    bool good = answer;
    if (!answer && heard.code != ERROR_CANCELLED)
        error_prefix(&heard, "it is not known how the command ended, because the guest or its "
                             "agent was restarted or hangs");
    if (json_is_true(json_object_get(answer, "exited"))) {
        good = take_result(answer, process, &heard);
        process->ended = good;
    }
    json_decref(answer);
    return good || error_copy(error, &heard);
}

/* Its children too: a shell that is ended leaves what it runs. All are halted on the way down, for
 * a shell whose child ends goes on with its next command. No status is asked for. The number may be
 * another's by now, if it has ended and the agent waits for who holds its outputs: then the agent,
 * which begins this too, is not its parent. */
void agent_process_tell_to_end(const struct agent_process *process, struct agent_talk *talk) {
    static const char script[] =
        "end() { kill -STOP $1; "
        "for c in $(cat /proc/$1/task/*/children 2>/dev/null); do end $c; done; "
        "kill -TERM $1; kill -CONT $1; }; "
        "parent() { while read -r key value; do [ \"$key\" != PPid: ] || echo $value; done "
        "<\"/proc/$1/status\" || echo $(ps -o ppid= -p $1); }; "
        "[ \"$(parent $0)\" = $PPID ] && end $0";
    struct error ignored = {0};
    struct agent_process other = {0};
    char number[PID_TEXT_SIZE];
    talk->stubborn = true;
    if (process->ended)
        return;
    snprintf(number, sizeof number, "%lld", (long long)process->pid);
    const char *const argv[] = {"/bin/sh", "-c", script, number, NULL};
    agent_process_begin(&other, talk, argv, NULL, &ignored);
}

bool agent_process_must_end(uint64_t until_ms, uint64_t limit_ms, struct error *why) {
    if (!interrupt_check(why))
        return true;
    return clock_monotonic_ms() >= until_ms &&
           !error_set(why, ERROR_TIMEOUT,
                      "timeout: the command ran for more than %llu s in the guest",
                      (unsigned long long)(limit_ms / 1000));
}
