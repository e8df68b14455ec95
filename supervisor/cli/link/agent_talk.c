#include "agent_talk.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/secret.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "qmp/qga.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SILENCE_TIMEOUT_MS = 10000, /* more than another client of the agent may keep it busy */
    ANSWER_TIMEOUT_MS = 600000, /* of an agent that says something all the time */
    REFUSED_TIMEOUT_MS = 1000,  /* of a socket that is full, or that nobody has any more */
    CONNECT_PAUSE_MS = 50,
    INPUT_BYTES_PER_MS = 100, /* of an agent on an emulated processor that has others beside it */
};

#define LINE_LIMIT_BYTES (AGENT_KEEPS_MAX_BYTES / 3 * 4 * 2 + (1u << 20)) /* both in Base64 */

void agent_talk_init(struct agent_talk *talk, const struct home *home,
                     const struct running *running) {
    char *path = run_file_path(home->run, running->name, running->tag, RUN_FILE_AGENT);
    *talk = (struct agent_talk){.path = path, .fd = -1};
}

void agent_talk_rest(struct agent_talk *talk) {
    file_release(&talk->fd);
    talk->fd = -1;
    qga_free(talk->qga);
    talk->qga = NULL;
}

void agent_talk_done(struct agent_talk *talk) {
    agent_talk_rest(talk);
    free(talk->path);
    talk->path = NULL;
}

/* --- one answer --- */

/* False: nothing came in time, or Ctrl-C. */
static bool wait_ready(const struct agent_talk *talk, uint64_t until_ms, struct error *error) {
    short events = POLLIN;
    if (qga_output(talk->qga)->length)
        events |= POLLOUT;
    struct pollfd ready = {.fd = talk->fd, .events = events};
    uint64_t now = clock_monotonic_ms();
    if (!talk->stubborn && !interrupt_check(error))
        return false;
    int count = now < until_ms ? poll(&ready, 1, (int)(until_ms - now)) : 0;
    return count > 0 || (count < 0 && errno == EINTR && wait_ready(talk, until_ms, error)) ||
           error_set(error, ERROR_TIMEOUT, "the guest agent does not answer");
}

/* Moves what can be moved. False: the channel is closed. */
static bool pump(struct agent_talk *talk, struct error *error) {
    char chunk[65536];
    socket_flush(talk->fd, qga_output(talk->qga));
    ssize_t length = read(talk->fd, chunk, sizeof chunk);
    if (length > 0)
        qga_feed(talk->qga, chunk, (size_t)length);
    return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)) ||
           error_set(error, ERROR_FAILED, "QEMU closed the channel of the guest agent");
}

/* One item that is no error; valid until the next call. Whatever moves extends the deadline. */
static bool next_item(struct agent_talk *talk, struct qga_item *item, struct error *error) {
    uint64_t silence_ms = SILENCE_TIMEOUT_MS + qga_output(talk->qga)->length / INPUT_BYTES_PER_MS;
    uint64_t last_ms = talk->until_ms ? talk->until_ms : clock_monotonic_ms() + ANSWER_TIMEOUT_MS;
    while (!qga_next(talk->qga, item)) {
        uint64_t until_ms = clock_monotonic_ms() + silence_ms;
        if (!wait_ready(talk, until_ms < last_ms ? until_ms : last_ms, error) || !pump(talk, error))
            return false;
    }
    return item->kind != QGA_ITEM_LOST || error_set(error, ERROR_FAILED, "%s", item->text);
}

/* --- the connection --- */

/* QEMU serves one client, and lets few others wait. */
static int connect_agent(const char *path, struct error *error) {
    for (int waited_ms = 0;; waited_ms += CONNECT_PAUSE_MS) {
        struct error problem = {0};
        errno = 0;
        int fd = socket_connect(path, &problem);
        bool full = errno == EAGAIN && waited_ms < SILENCE_TIMEOUT_MS;
        bool refused = errno == ECONNREFUSED && waited_ms < REFUSED_TIMEOUT_MS;
        if (fd >= 0)
            return fd;
        if (!full && !refused) {
            error_copy(error, &problem);
            return -1;
        }
        poll(NULL, 0, CONNECT_PAUSE_MS);
    }
}

static bool ensure_connected(struct agent_talk *talk, struct error *error) {
    uint32_t id;
    struct qga_item item;
    if (talk->qga)
        return true;
    talk->fd = connect_agent(talk->path, error);
    if (talk->fd < 0)
        return false;
    secret_random(&id, sizeof id);
    talk->qga = qga_new(id);
    qga_allow_lines(talk->qga, LINE_LIMIT_BYTES);
    return next_item(talk, &item, error);
}

json_t *agent_talk_ask(struct agent_talk *talk, const char *command, json_t *arguments,
                       struct error *error) {
    struct qga_item item = {0};
    if (!ensure_connected(talk, error))
        json_decref(arguments);
    else if (!qga_send(talk->qga, command, arguments))
        error_set(error, ERROR_FAILED, "the guest agent does not answer in order");
    else if (next_item(talk, &item, error)) {
        if (item.kind != QGA_ITEM_ERROR)
            return json_deep_copy(item.value);
        error_set(error, ERROR_FAILED, "the guest agent refuses: %s", item.text);
        return NULL;
    }
    agent_talk_rest(talk); /* what comes later answers no other question */
    return NULL;
}
