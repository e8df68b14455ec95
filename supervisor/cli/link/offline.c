#include "offline.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "qmp/session.h"
#include "store/instance_table.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct offline {
    int fd;
    struct qmp_session *session;
    char *name; /* the instance */
    bool eof;
};

bool offline_find(const struct home *home, const char *name, struct running *running,
                  struct error *error) {
    struct store_instance instance = {0};
    if (!instance_table_get(home->store, name, &instance, error))
        return false;
    store_instance_done(&instance);
    if (!running_find(home->run, name, running, error))
        return false;
    return running->name || error_set(error, ERROR_WRONG_STATE,
                                      "%s does not run: `pgsup start %s` starts it", name, name);
}

/* QEMU removes its sockets before it ends, and one that was killed leaves them. */
static bool is_ending(const struct home *home, const struct running *before, const char *path) {
    struct running now = {0};
    bool known = running_find(home->run, before->name, &now, NULL);
    bool ended = known && (!now.name || now.pid != before->pid);
    running_done(&now);
    return ended || !file_exists(path);
}

struct offline *offline_open(const struct home *home, const struct running *running,
                             struct error *error) {
    struct error problem = {0};
    scoped(alloc_release) char *path =
        run_file_path(home->run, running->name, running->tag, RUN_FILE_MONITOR);
    int fd = socket_connect(path, &problem);
    if (fd < 0 && is_ending(home, running, path))
        error_set(error, ERROR_WRONG_STATE,
                  "%s is ending, or %s was removed: `pgsup list` shows whether it runs",
                  running->name, path);
    else if (fd < 0)
        error_copy(error, &problem);
    if (fd < 0)
        return NULL;
    struct offline *offline = alloc_zero(sizeof *offline);
    offline->fd = fd;
    offline->name = alloc_string(running->name);
    offline->session = session_new(clock_monotonic_ms(), QMP_GREETING_TIMEOUT_MS);
    return offline;
}

void offline_close(struct offline *offline) {
    if (!offline)
        return;
    close(offline->fd);
    session_free(offline->session);
    free(offline->name);
    free(offline);
}

static void read_input(struct offline *offline) {
    char chunk[16384];
    ssize_t length = read(offline->fd, chunk, sizeof chunk);
    if (length > 0) {
        session_feed(offline->session, chunk, (size_t)length);
    } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
        offline->eof = true;
        session_eof(offline->session, "QEMU closed the connection");
    }
}

void offline_exchange(struct offline *offline, uint64_t until_ms) {
    socket_flush(offline->fd, session_output(offline->session));
    uint64_t now = clock_monotonic_ms(), deadline = session_deadline_ms(offline->session);
    if (deadline < until_ms)
        until_ms = deadline;
    struct pollfd ready = {.fd = offline->fd, .events = POLLIN};
    poll(&ready, offline->eof ? 0 : 1, until_ms > now ? (int)(until_ms - now) : 0);
    if (!offline->eof && ready.revents)
        read_input(offline);
    session_tick(offline->session, clock_monotonic_ms());
}

bool offline_next(struct offline *offline, struct qmp_item *item) {
    return session_next(offline->session, item);
}

void offline_post(struct offline *offline, const char *command) {
    session_send(offline->session, command, NULL, offline, clock_monotonic_ms());
}

/* As by a stop: QEMU ends with what was asked of it under way. */
static json_t *fail_ended(const struct offline *offline, struct error *error) {
    error_set(error, ERROR_WRONG_STATE,
              "the VM of \"%s\" ended meanwhile: `pgsup events %s` shows how", offline->name,
              offline->name);
    return NULL;
}

/* A command before this one was told why. */
static json_t *fail_lost(const struct offline *offline, struct error *error) {
    if (offline->eof)
        return fail_ended(offline, error);
    error_set(error, ERROR_FAILED, "QEMU does not answer on its QMP socket");
    return NULL;
}

static json_t *take_reply(const struct offline *offline, const struct qmp_item *item,
                          struct error *error) {
    if (item->status == QMP_STATUS_RETURN)
        return json_incref(item->value);
    if (offline->eof && item->status == QMP_STATUS_LOST)
        return fail_ended(offline, error);
    error_set(error, item->status == QMP_STATUS_TIMEOUT ? ERROR_TIMEOUT : ERROR_FAILED, "%s",
              item->text);
    return NULL;
}

json_t *offline_command(struct offline *offline, const char *command, json_t *arguments,
                        struct error *error) {
    uint64_t id = session_send(offline->session, command, arguments, offline, clock_monotonic_ms());
    if (!id)
        return fail_lost(offline, error);
    for (;;) {
        struct qmp_item item;
        offline_exchange(offline, QMP_NO_DEADLINE);
        while (session_next(offline->session, &item))
            if (item.kind == QMP_ITEM_REPLY && item.id == id)
                return take_reply(offline, &item, error);
    }
}
