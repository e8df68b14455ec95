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
    ANSWER_TIMEOUT_MS = 10000, /* of an agent to one command */
    POLL_INTERVAL_MS = 500,
};

struct session {
    int fd;
    struct qga *qga;
    struct error *error;
};

/* One item that is no error; valid until the next call. */
static bool next_item(struct session *session, struct qga_item *item) {
    uint64_t until_ms = clock_monotonic_ms() + ANSWER_TIMEOUT_MS;
    while (!qga_next(session->qga, item)) {
        char chunk[4096];
        uint64_t now = clock_monotonic_ms();
        struct pollfd ready = {.fd = session->fd, .events = POLLIN};
        socket_flush(session->fd, qga_output(session->qga));
        if (now >= until_ms || poll(&ready, 1, (int)(until_ms - now)) == 0)
            return error_set(session->error, ERROR_TIMEOUT, "the guest agent does not answer");
        ssize_t length = read(session->fd, chunk, sizeof chunk);
        if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
            return error_set(session->error, ERROR_FAILED,
                             "QEMU closed the channel of the guest agent");
        if (length > 0)
            qga_feed(session->qga, chunk, (size_t)length);
    }
    if (item->kind == QGA_ITEM_ERROR)
        return error_set(session->error, ERROR_FAILED, "the guest agent refuses: %s", item->text);
    return item->kind != QGA_ITEM_LOST || error_set(session->error, ERROR_FAILED, "%s", item->text);
}

/* qga/qapi-schema.json, guest-exec. */
static bool begin_exec(struct session *session, const char *const argv[], json_int_t *pid) {
    struct qga_item item;
    json_t *arguments = json_object(), *list = json_array();
    for (const char *const *each = argv + 1; *each; each++)
        json_array_append_new(list, json_string(*each));
    json_object_set_new(arguments, "path", json_string(argv[0]));
    json_object_set_new(arguments, "arg", list);
    if (!qga_send(session->qga, "guest-exec", arguments) || !next_item(session, &item))
        return false;
    *pid = json_integer_value(json_object_get(item.value, "pid"));
    return true;
}

/* qga/qapi-schema.json, guest-exec-status: a status of 0, or none because a signal ended it. */
static bool wait_end(struct session *session, json_int_t pid, uint64_t until_ms) {
    for (;;) {
        struct qga_item item;
        json_t *arguments = json_object();
        json_object_set_new(arguments, "pid", json_integer(pid));
        if (!qga_send(session->qga, "guest-exec-status", arguments) || !next_item(session, &item))
            return false;
        const json_t *status = json_object_get(item.value, "exitcode");
        if (json_is_true(json_object_get(item.value, "exited")))
            return (json_is_integer(status) && json_integer_value(status) == 0) ||
                   error_set(session->error, ERROR_FAILED,
                             "the command failed in the guest (status %lld)",
                             (long long)json_integer_value(status));
        if (clock_monotonic_ms() >= until_ms)
            return error_set(session->error, ERROR_TIMEOUT,
                             "timeout: the command still runs in the guest");
        poll(NULL, 0, POLL_INTERVAL_MS);
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
    struct session session = {fd, qga_new(id), error};
    bool good = next_item(&session, &item) && begin_exec(&session, argv, &pid) &&
                wait_end(&session, pid, clock_monotonic_ms() + limit_ms);
    qga_free(session.qga);
    return good;
}
