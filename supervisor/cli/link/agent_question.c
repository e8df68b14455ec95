#include "agent_question.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/secret.h"
#include "machine/socket.h"
#include "qmp/qga.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
    SILENCE_TIMEOUT_MS = 10000, /* more than another client of the agent may keep it busy */
    ANSWER_TIMEOUT_MS = 600000, /* of an agent that says something all the time */
    REFUSED_TIMEOUT_MS = 1000,  /* of a socket that is full, or that nobody has any more */
    PAUSE_MS = 50,
    INPUT_BYTES_PER_MS = 100, /* of an agent on an emulated processor that has others beside it */
};

#define LINE_LIMIT_BYTES (AGENT_OUTPUT_MAX_BYTES / 3 * 4 * 2 + (1u << 20)) /* both in Base64 */

struct talk {
    int fd;
    struct qga *qga;
    bool stubborn;       /* Ctrl-C has been heard before */
    uint64_t silence_ms; /* that an agent may need to read what it was sent */
    uint64_t last_ms;    /* whatever moves */
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
    while (!qga_next(talk->qga, item)) {
        uint64_t until_ms = clock_monotonic_ms() + SILENCE_TIMEOUT_MS + talk->silence_ms;
        if (!wait_ready(talk, until_ms < talk->last_ms ? until_ms : talk->last_ms) || !pump(talk))
            return false;
    }
    if (item->kind == QGA_ITEM_ERROR)
        return error_set(talk->error, ERROR_FAILED, "the guest agent refuses: %s", item->text);
    return item->kind != QGA_ITEM_LOST || error_set(talk->error, ERROR_FAILED, "%s", item->text);
}

/* QEMU serves one client, and lets few others wait. */
static int connect_agent(const struct agent_question *question) {
    for (int waited_ms = 0;; waited_ms += PAUSE_MS) {
        struct error problem = {0};
        errno = 0;
        int fd = socket_connect(question->path, &problem);
        bool full = errno == EAGAIN && waited_ms < SILENCE_TIMEOUT_MS;
        bool refused = errno == ECONNREFUSED && waited_ms < REFUSED_TIMEOUT_MS;
        if (fd >= 0)
            return fd;
        if (!full && !refused) {
            error_copy(question->error, &problem);
            return -1;
        }
        poll(NULL, 0, PAUSE_MS);
    }
}

json_t *agent_question_ask(const struct agent_question *question, const char *command,
                           json_t *arguments) {
    uint32_t id;
    struct qga_item item;
    json_t *answer = NULL;
    scoped(file_release) int fd = connect_agent(question);
    if (fd < 0) {
        json_decref(arguments);
        return NULL;
    }
    secret_random(&id, sizeof id);
    struct talk talk = {.fd = fd,
                        .qga = qga_new(id),
                        .stubborn = question->stubborn,
                        .last_ms = clock_monotonic_ms() +
                                   (question->limit_ms ? question->limit_ms : ANSWER_TIMEOUT_MS),
                        .error = question->error};
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
