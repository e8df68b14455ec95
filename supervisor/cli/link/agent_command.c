#include "agent_command.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/secret.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "qmp/qga.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
    SILENCE_TIMEOUT_MS = 10000, /* more than another client of the agent may keep it busy */
    ANSWER_TIMEOUT_MS = 600000, /* of an agent that says something all the time */
    REFUSED_TIMEOUT_MS = 1000,  /* of a socket that is full, or that nobody has any more */
    ENDING_TIMEOUT_MS = 5000,   /* of a program that was told to end */
    POLL_FIRST_MS = 10,
    POLL_LAST_MS = 500,
    PID_TEXT_SIZE = 24,
    STATUS_MAX = 255,
    SIGNAL_MAX = 127,
    INPUT_BYTES_PER_MS = 100, /* of an agent on an emulated processor that has others beside it */
};

#define LINE_LIMIT_BYTES (AGENT_OUTPUT_MAX_BYTES / 3 * 4 * 2 + (1u << 20)) /* both in Base64 */

/* --- one question --- */

struct talk {
    int fd;
    struct qga *qga;
    bool stubborn;       /* Ctrl-C has been heard before */
    uint64_t silence_ms; /* that an agent may need to read what it was sent */
    struct error *error;
};

/* False: nothing came in time, or Ctrl-C. */
static bool wait_ready(const struct talk *talk, uint64_t until_ms) {
    short events = POLLIN;
    if (qga_output(talk->qga)->length)
        events |= POLLOUT;
    struct pollfd ready = {.fd = talk->fd, .events = events};
    uint64_t now = clock_monotonic_ms();
    if (!talk->stubborn && !interrupt_check(talk->error))
        return false;
    int count = now < until_ms ? poll(&ready, 1, (int)(until_ms - now)) : 0;
    return count > 0 || (count < 0 && errno == EINTR && wait_ready(talk, until_ms)) ||
           error_set(talk->error, ERROR_TIMEOUT, "the guest agent does not answer");
}

/* Moves what can be moved. False: the channel is closed. */
static bool pump(struct talk *talk) {
    char chunk[65536];
    socket_flush(talk->fd, qga_output(talk->qga));
    ssize_t length = read(talk->fd, chunk, sizeof chunk);
    if (length > 0)
        qga_feed(talk->qga, chunk, (size_t)length);
    return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)) ||
           error_set(talk->error, ERROR_FAILED, "QEMU closed the channel of the guest agent");
}

/* One item that is no error; valid until the next call. Whatever moves extends the deadline. */
static bool next_item(struct talk *talk, struct qga_item *item) {
    uint64_t last_ms = clock_monotonic_ms() + ANSWER_TIMEOUT_MS;
    while (!qga_next(talk->qga, item)) {
        uint64_t until_ms = clock_monotonic_ms() + SILENCE_TIMEOUT_MS + talk->silence_ms;
        if (!wait_ready(talk, until_ms < last_ms ? until_ms : last_ms) || !pump(talk))
            return false;
    }
    if (item->kind == QGA_ITEM_ERROR)
        return error_set(talk->error, ERROR_FAILED, "the guest agent refuses: %s", item->text);
    return item->kind != QGA_ITEM_LOST || error_set(talk->error, ERROR_FAILED, "%s", item->text);
}

struct session {
    char *path; /* of the agent's socket */
    bool stubborn;
    struct error *error;
};

/* QEMU serves one client, and lets few others wait. */
static int connect_agent(const struct session *session) {
    for (int waited_ms = 0;; waited_ms += POLL_LAST_MS / 10) {
        struct error problem = {0};
        errno = 0;
        int fd = socket_connect(session->path, &problem);
        bool full = errno == EAGAIN && waited_ms < SILENCE_TIMEOUT_MS;
        bool refused = errno == ECONNREFUSED && waited_ms < REFUSED_TIMEOUT_MS;
        if (fd >= 0)
            return fd;
        if (!full && !refused) {
            error_copy(session->error, &problem);
            return -1;
        }
        poll(NULL, 0, POLL_LAST_MS / 10);
    }
}

/* arguments is stolen. NULL: error set; the caller owns the answer. */
static json_t *ask_agent(const struct session *session, const char *command, json_t *arguments) {
    uint32_t id;
    struct qga_item item;
    json_t *answer = NULL;
    scoped(file_release) int fd = connect_agent(session);
    if (fd < 0) {
        json_decref(arguments);
        return NULL;
    }
    secret_random(&id, sizeof id);
    struct talk talk = {fd, qga_new(id), session->stubborn, 0, session->error};
    qga_allow_lines(talk.qga, LINE_LIMIT_BYTES);
    if (!next_item(&talk, &item))
        json_decref(arguments);
    else if (qga_send(talk.qga, command, arguments)) {
        talk.silence_ms = qga_output(talk.qga)->length / INPUT_BYTES_PER_MS;
        answer = next_item(&talk, &item) ? json_deep_copy(item.value) : NULL;
    }
    qga_free(talk.qga);
    return answer;
}

/* --- a program --- */

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

static bool begin_exec(const struct session *session, const struct agent_command *command,
                       json_int_t *pid) {
    json_t *answer = ask_agent(session, "guest-exec", exec_arguments(command));
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

static bool take_result(const struct session *session, const json_t *answer,
                        struct agent_result *result) {
    if (!take_status(answer, result, session->error))
        return false;
    result->output_cut = json_is_true(json_object_get(answer, "out-truncated"));
    result->errors_cut = json_is_true(json_object_get(answer, "err-truncated"));
    return take_output(answer, "out-data", &result->output, session->error) &&
           take_output(answer, "err-data", &result->errors, session->error);
}

/* Its children first: a shell that is ended leaves what it runs. No status is asked for. */
static void end_program(const struct session *session, json_int_t pid) {
    static const char script[] =
        "end() { for c in $(cat /proc/$1/task/*/children 2>/dev/null); do end $c; done; "
        "kill -TERM $1; }; end $0";
    struct error ignored = {0};
    char number[PID_TEXT_SIZE];
    snprintf(number, sizeof number, "%lld", (long long)pid);
    const char *const argv[] = {"/bin/sh", "-c", script, number, NULL};
    const struct agent_command command = {.argv = argv};
    const struct session other = {session->path, true, &ignored};
    json_int_t unused;
    begin_exec(&other, &command, &unused);
}

/* True: it has ended. False with an error, or without: it runs. */
static bool command_has_ended(const struct session *session, json_int_t pid,
                              struct agent_result *result) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "pid", json_integer(pid));
    json_t *answer = ask_agent(session, "guest-exec-status", arguments);
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

static bool wait_told(struct session *session, json_int_t pid, struct agent_result *result,
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

static bool wait_end(struct session *session, json_int_t pid, uint64_t limit_ms,
                     struct agent_result *result) {
    uint64_t until_ms = limit_ms ? clock_monotonic_ms() + limit_ms : UINT64_MAX;
    for (int pause_ms = POLL_FIRST_MS;; pause_ms += pause_ms < POLL_LAST_MS ? pause_ms / 2 : 0) {
        struct error why = {0}, heard = {0};
        const struct session asking = {session->path, false, &heard};
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
    struct session session = {path, false, error};
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
