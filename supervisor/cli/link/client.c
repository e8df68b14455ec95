#include "client.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/line.h"
#include "cli/output/progress.h"
#include "control/protocol.h"
#include "home/run_folder.h"
#include "machine/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENT_TIMEOUT_S 10 /* for the first answer; after that the supervisor keeps the time */
#define NO_ANSWER                                                                                   \
    "the supervisor of %s does not answer (waited %d s): is it suspended? Killing it harms no VM, " \
    "and `pgsup up` adopts them again"

#define ENDED                                                                                      \
    "the supervisor ended before it answered; the VMs keep running, and `pgsup up` adopts them "   \
    "again"

/* The id of "status" requests, whose answers are shown and not returned. */
#define STATUS_ID 0

struct client {
    int fd;
    char *home_path; /* for sentences */
    json_int_t last_id;
    bool asked;             /* for the status */
    uint64_t ask_status_ms; /* monotonic: the next time */
    struct line_splitter lines;
};

static bool no_supervisor(const struct home *home, struct error *error) {
    return error_set(error, ERROR_NO_SUPERVISOR,
                     "no supervisor runs for %s: `pgsup up --detach` starts one", home->path);
}

static void set_timeout(int fd, int which, unsigned seconds) {
    struct timeval limit = {.tv_sec = seconds};
    setsockopt(fd, SOL_SOCKET, which, &limit, sizeof limit);
}

static struct client *connect_to(const struct home *home, unsigned limit_s, struct error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    scoped(alloc_release) char *path = run_folder_control(home->run);
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(error, ERROR_INVALID, "the path %s is too long for a socket", path);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    set_timeout(fd, SO_SNDTIMEO, limit_s); /* a full backlog makes connect() wait */
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (errno == EAGAIN)
            error_set(error, ERROR_TIMEOUT, NO_ANSWER, home->path, limit_s);
        else if (errno == EACCES)
            error_set(error, ERROR_FAILED,
                      "the supervisor of %s belongs to another user: its socket cannot be opened",
                      home->path);
        else
            no_supervisor(home, error);
        file_release(&fd);
        return NULL;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    struct client *client = alloc_zero(sizeof *client);
    client->fd = fd;
    client->home_path = alloc_string(home->path);
    line_init(&client->lines, CONTROL_REPLY_LIMIT_BYTES);
    return client;
}

void client_close(struct client *client) {
    if (!client)
        return;
    close(client->fd);
    line_done(&client->lines);
    free(client->home_path);
    free(client);
}

static bool send_line(struct client *client, const struct buffer *line, struct error *error) {
    size_t sent = 0;
    while (sent < line->length) {
        ssize_t written = socket_write(client->fd, line->data + sent, line->length - sent);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set(error, ERROR_NO_SUPERVISOR, ENDED);
        sent += (size_t)written;
    }
    return true;
}

/* An older supervisor answers too: that it does not know this. */
void client_await_written(const struct home *home) {
    struct buffer request = {0};
    uint64_t until_ms = clock_monotonic_ms() + CLIENT_WRITTEN_MS;
    struct client *client = connect_to(home, CLIENT_WRITTEN_MS / 2 / 1000, NULL);
    struct pollfd answered = {.fd = client ? client->fd : -1, .events = POLLIN};
    control_encode_request(&request, 1, "written", NULL);
    bool sent = client && send_line(client, &request, NULL);
    uint64_t now_ms = clock_monotonic_ms();
    if (sent && now_ms < until_ms)
        poll(&answered, 1, (int)(until_ms - now_ms));
    client_close(client);
    buffer_done(&request);
}

/* A supervisor that has answered and ended cannot be asked any more: its answer is read next. */
static void ask_status(struct client *client) {
    struct buffer request = {0};
    uint64_t now_ms = clock_monotonic_ms();
    if (client->asked || now_ms < client->ask_status_ms)
        return;
    client->asked = true;
    client->ask_status_ms = now_ms + CLIENT_STATUS_MS;
    control_encode_request(&request, STATUS_ID, "status", NULL);
    send_line(client, &request, NULL);
    buffer_done(&request);
}

/* Until something has arrived, asking for the status each second. */
static bool wait_shown(struct client *client, const struct progress *progress,
                       struct error *error) {
    bool asks = progress->mode != PROGRESS_NONE;
    struct pollfd watched = {.fd = client->fd, .events = POLLIN};
    for (;;) {
        if (!interrupt_check(error))
            return false;
        if (asks)
            ask_status(client);
        if (poll(&watched, 1, CLIENT_STATUS_MS / 4) > 0)
            return true;
    }
}

static char *read_line(struct client *client, const struct progress *progress, size_t *length,
                       struct error *error) {
    char chunk[16384], *line;
    while (!(line = line_next(&client->lines, length))) {
        if (progress && !wait_shown(client, progress, error))
            return NULL;
        ssize_t got = client->lines.broken ? 0 : read(client->fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            error_set(error, ERROR_TIMEOUT, NO_ANSWER, client->home_path, CLIENT_TIMEOUT_S);
            return NULL;
        }
        if (got <= 0) {
            error_set(error, ERROR_NO_SUPERVISOR, ENDED);
            return NULL;
        }
        line_feed(&client->lines, chunk, (size_t)got);
    }
    return line;
}

int client_descriptor(const struct client *client) {
    return client->fd;
}

bool client_fill(struct client *client, struct error *error) {
    char chunk[16384];
    ssize_t got = read(client->fd, chunk, sizeof chunk);
    if (got > 0)
        line_feed(&client->lines, chunk, (size_t)got);
    return got > 0 || (got < 0 && errno == EINTR) ||
           error_set(error, ERROR_NO_SUPERVISOR,
                     "the supervisor has ended; the VMs keep running, and `pgsup up` adopts them");
}

bool client_pull(struct client *client, struct control_message *message, struct error *error) {
    size_t length;
    const char *line = line_next(&client->lines, &length);
    return line && control_decode(line, length, message, error);
}

int64_t client_send(struct client *client, const char *method, json_t *params,
                    struct error *error) {
    struct buffer request = {0};
    control_encode_request(&request, ++client->last_id, method, params);
    bool sent = send_line(client, &request, error);
    buffer_done(&request);
    return sent ? client->last_id : 0;
}

/* False: it is no answer to a request of the caller. */
static bool take_answer(struct client *client, struct progress *progress,
                        const struct control_message *message, struct client_answer *answer) {
    if (message->kind == CONTROL_NOTIFICATION && progress)
        progress_event(progress, message->method, message->body);
    if (message->kind != CONTROL_RESULT && message->kind != CONTROL_ERROR)
        return false;
    int64_t id = json_is_integer(message->id) ? json_integer_value(message->id) : -1;
    if (progress && id == STATUS_ID) {
        client->asked = false;
        if (message->kind == CONTROL_RESULT)
            progress_status(progress, message->body);
        return false;
    }
    answer->id = id;
    if (message->kind == CONTROL_RESULT)
        answer->result = json_incref(message->body);
    else
        answer->error = message->error;
    return true;
}

bool client_receive(struct client *client, struct progress *progress, struct client_answer *answer,
                    struct error *error) {
    bool answered = false;
    *answer = (struct client_answer){0};
    while (!answered) {
        struct control_message message = {0};
        size_t length;
        const char *line = read_line(client, progress, &length, error);
        if (!line || !control_decode(line, length, &message, error)) {
            control_message_done(&message);
            return false;
        }
        answered = take_answer(client, progress, &message, answer);
        control_message_done(&message);
    }
    return true;
}

static json_t *take_result(struct client_answer *answer, struct error *error) {
    if (!answer->result)
        error_copy(error, &answer->error);
    return answer->result;
}

json_t *client_result(struct client *client, struct error *error) {
    struct client_answer answer = {0};
    return client_receive(client, NULL, &answer, error) ? take_result(&answer, error) : NULL;
}

json_t *client_call(struct client *client, const char *method, json_t *params,
                    struct error *error) {
    return client_send(client, method, params, error) ? client_result(client, error) : NULL;
}

json_t *client_call_shown(struct client *client, const char *method, json_t *params,
                          struct progress *progress, struct error *error) {
    struct client_answer answer = {0};
    interrupt_watch();
    if (!client_send(client, method, params, error))
        return NULL;
    bool received = client_receive(client, progress, &answer, error);
    progress_clear(progress);
    return received ? take_result(&answer, error) : NULL;
}

static bool check_version(const json_t *hello, struct error *error) {
    const char *version = json_string_value(json_object_get(hello, "version"));
    if (json_integer_value(json_object_get(hello, "protocol")) == CONTROL_VERSION)
        return true;
    return error_set(error, ERROR_WRONG_STATE,
                     "the supervisor has another version (%.40s): `pgsup down --keep`, then `pgsup "
                     "up` replaces it without harm to VMs",
                     version ? version : "unknown");
}

/* The first exchange shows that a supervisor answers, and its protocol version. */
static json_t *greet(struct client *client, struct error *error) {
    set_timeout(client->fd, SO_RCVTIMEO, CLIENT_TIMEOUT_S);
    json_t *hello = client_call(client, "hello", NULL, error);
    set_timeout(client->fd, SO_RCVTIMEO, 0);
    client->last_id = 0;
    return hello;
}

typedef bool accepts(const json_t *hello, struct error *error);

static struct client *open_if(const struct home *home, accepts *accept, struct error *error) {
    struct client *client = connect_to(home, CLIENT_TIMEOUT_S, error);
    json_t *hello = client ? greet(client, error) : NULL;
    bool good = hello && (!accept || accept(hello, error));
    json_decref(hello);
    if (good)
        return client;
    client_close(client);
    return NULL;
}

struct client *client_open(const struct home *home, struct error *error) {
    return open_if(home, check_version, error);
}

struct client *client_open_any(const struct home *home, struct error *error) {
    return open_if(home, NULL, error);
}
