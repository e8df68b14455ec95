#include "client.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/line.h"
#include "control/protocol.h"
#include "home/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int fd;
    json_int_t last_id;
    struct line_splitter lines;
};

static bool no_supervisor(const struct home *home, struct error *error) {
    return error_set(
        error, ERROR_NO_SUPERVISOR,
        "no supervisor runs for %s: start one with `pgsup up` in a terminal of its own",
        home->path);
}

struct client *client_open(const struct home *home, struct error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    scoped(alloc_release) char *path = run_folder_control(home->run);
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(error, ERROR_INVALID, "the path %s is too long for a socket", path);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (errno == EACCES)
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
    line_init(&client->lines, CONTROL_REPLY_LIMIT_BYTES);
    return client;
}

void client_close(struct client *client) {
    if (!client)
        return;
    close(client->fd);
    line_done(&client->lines);
    free(client);
}

static bool send_line(struct client *client, const struct buffer *line, struct error *error) {
    size_t sent = 0;
    while (sent < line->length) {
        ssize_t put = write(client->fd, line->data + sent, line->length - sent);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_set(error, ERROR_NO_SUPERVISOR, "the supervisor went away");
        sent += (size_t)put;
    }
    return true;
}

static char *read_line(struct client *client, size_t *length, struct error *error) {
    char chunk[16384], *line;
    while (!(line = line_next(&client->lines, length))) {
        ssize_t got = client->lines.broken ? 0 : read(client->fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            error_set(error, ERROR_NO_SUPERVISOR,
                      "the supervisor ended before it answered; VMs run on, and `pgsup up` takes "
                      "them over again");
            return NULL;
        }
        line_feed(&client->lines, chunk, (size_t)got);
    }
    return line;
}

json_t *client_call(struct client *client, const char *method, json_t *params,
                    client_on_progress *on_progress, void *context, struct error *error) {
    struct buffer request = {0};
    json_t *result = NULL;
    control_encode_request(&request, ++client->last_id, method, params);
    bool going = send_line(client, &request, error);
    buffer_done(&request);
    while (going) {
        struct control_message message = {0};
        size_t length;
        const char *line = read_line(client, &length, error);
        if (!line || !control_decode(line, length, &message, error))
            going = false;
        else if (message.kind == CONTROL_NOTIFICATION && on_progress)
            on_progress(context, message.method, message.body);
        else if (message.kind == CONTROL_RESULT) {
            result = json_incref(message.body);
            going = false;
        } else if (message.kind == CONTROL_ERROR) {
            error_set(error, message.error.code, "%s", message.error.text);
            going = false;
        }
        control_message_done(&message);
    }
    return result;
}
