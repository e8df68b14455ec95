#include "agent_command.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "qmp/qga.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
    ANSWER_LIMIT_MS = 10000, /* of an agent to one command */
    LOOK_INTERVAL_MS = 500,
};

struct talk {
    int fd;
    struct qga *qga;
    struct error *error;
};

/* One item that is no error; valid until the next call. */
static bool next_item(struct talk *talk, struct qga_item *item) {
    uint64_t until_ms = clock_monotonic_ms() + ANSWER_LIMIT_MS;
    while (!qga_next(talk->qga, item)) {
        char chunk[4096];
        uint64_t now = clock_monotonic_ms();
        struct pollfd ready = {.fd = talk->fd, .events = POLLIN};
        socket_flush(talk->fd, qga_output(talk->qga));
        if (now >= until_ms || poll(&ready, 1, (int)(until_ms - now)) == 0)
            return error_set(talk->error, ERROR_TIMEOUT, "no agent in the guest answers");
        ssize_t got = read(talk->fd, chunk, sizeof chunk);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return error_set(talk->error, ERROR_FAILED, "QEMU closed the agent's channel");
        if (got > 0)
            qga_feed(talk->qga, chunk, (size_t)got);
    }
    if (item->kind == QGA_ITEM_ERROR)
        return error_set(talk->error, ERROR_FAILED, "the guest's agent refuses: %s", item->text);
    return item->kind != QGA_ITEM_LOST || error_set(talk->error, ERROR_FAILED, "%s", item->text);
}

/* qga/qapi-schema.json, guest-exec. */
static bool begin_exec(struct talk *talk, const char *const argv[], json_int_t *pid) {
    struct qga_item item;
    json_t *arguments = json_object(), *list = json_array();
    for (const char *const *each = argv + 1; *each; each++)
        json_array_append_new(list, json_string(*each));
    json_object_set_new(arguments, "path", json_string(argv[0]));
    json_object_set_new(arguments, "arg", list);
    if (!qga_send(talk->qga, "guest-exec", arguments) || !next_item(talk, &item))
        return false;
    *pid = json_integer_value(json_object_get(item.value, "pid"));
    return true;
}

/* qga/qapi-schema.json, guest-exec-status: a status of 0, or none because a signal ended it. */
static bool wait_end(struct talk *talk, json_int_t pid, uint64_t until_ms) {
    for (;;) {
        struct qga_item item;
        json_t *arguments = json_object();
        json_object_set_new(arguments, "pid", json_integer(pid));
        if (!qga_send(talk->qga, "guest-exec-status", arguments) || !next_item(talk, &item))
            return false;
        const json_t *status = json_object_get(item.value, "exitcode");
        if (json_is_true(json_object_get(item.value, "exited")))
            return (json_is_integer(status) && json_integer_value(status) == 0) ||
                   error_set(talk->error, ERROR_FAILED, "it failed in the guest (status %lld)",
                             (long long)json_integer_value(status));
        if (clock_monotonic_ms() >= until_ms)
            return error_set(talk->error, ERROR_TIMEOUT, "it did not end in the guest in time");
        poll(NULL, 0, LOOK_INTERVAL_MS);
    }
}

bool agent_command_run(const struct home *home, const struct running *running,
                       const char *const argv[], uint64_t limit_ms, struct error *error) {
    scoped(alloc_release) char *path =
        run_file_path(home->run, running->name, running->tag, RUN_FILE_AGENT);
    scoped(file_release) int fd = socket_connect(path, error);
    uint32_t id;
    struct qga_item item;
    json_int_t pid = 0;
    if (fd < 0)
        return false;
    secret_random(&id, sizeof id);
    struct talk talk = {fd, qga_new(id), error};
    bool good = next_item(&talk, &item) && begin_exec(&talk, argv, &pid) &&
                wait_end(&talk, pid, clock_monotonic_ms() + limit_ms);
    qga_free(talk.qga);
    return good;
}
