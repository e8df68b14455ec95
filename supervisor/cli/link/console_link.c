#include "console_link.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "cli/link/client.h"
#include "cli/terminal/console_text.h"
#include "control/protocol.h"
#include "home/layout.h"
#include "home/running.h"
#include "machine/console_times.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "store/instance_table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WRITE_TIMEOUT_MS 2000 /* the guest does not read its console */
#define LOG_LIMIT_BYTES  (1 << 20)

struct console_link {
    const struct home *home;
    struct console_link_options options;
    struct client *client; /* NULL: no supervisor */
    char *socket;          /* of the VM */
    int direct, log;       /* without a supervisor; -1 */
    struct console_times times;
    bool shown; /* the last screen need not be shown again */
};

void console_news_done(struct console_news *news) {
    buffer_done(&news->output);
    free(news->notice);
    *news = (struct console_news){0};
}

/* --- through the supervisor --- */

static bool attach(struct console_link *link, struct error *error) {
    char terminal[64] = "";
    bool named = ttyname_r(STDIN_FILENO, terminal, sizeof terminal) == 0;
    scoped(alloc_release) char *who =
        alloc_printf("process %ld%s%s", (long)getpid(), named ? " on " : "", named ? terminal : "");
    json_t *params = json_object();
    json_object_set_new(params, "name", json_string(link->options.name));
    json_object_set_new(params, "write", json_boolean(!link->options.read_only));
    json_object_set_new(params, "take", json_boolean(link->options.take));
    json_object_set_new(params, "who", json_string(who));
    return client_send(link->client, "console", params, error) != 0;
}

static void take_output(const struct console_link *link, json_t *body, struct console_news *news) {
    const char *text = json_string_value(json_object_get(body, "data"));
    bool replay = json_is_true(json_object_get(body, "replay"));
    struct buffer bytes = {0};
    if (text && !(replay && link->shown) && base64_decode(text, &bytes) && bytes.length) {
        size_t length = replay ? console_text_replayed(bytes.data, bytes.length) : bytes.length;
        buffer_append(&news->output, bytes.data, length);
    }
    news->entered = news->entered || (replay && !link->shown);
    buffer_done(&bytes);
}

static void take_notification(struct console_link *link, const struct control_message *message,
                              struct console_news *news) {
    const char *who = json_string_value(json_object_get(message->body, "who"));
    if (strcmp(message->method, "console") == 0)
        take_output(link, message->body, news);
    if (strcmp(message->method, "console-taken") != 0)
        return;
    link->options.read_only = news->read_only = true;
    alloc_replace(&news->notice,
                  alloc_printf("%s types from now on; you watch", who ? who : "somebody else"));
}

/* The first request is "console", which is answered when the VM ends; later ones are what was
 * typed. */
static bool take_message(struct console_link *link, const struct control_message *message,
                         struct console_news *news, struct error *error) {
    bool is_console = json_integer_value(message->id) == 1;
    const char *reason = json_string_value(json_object_get(message->body, "reason"));
    if (message->kind == CONTROL_NOTIFICATION)
        take_notification(link, message, news);
    if (message->kind == CONTROL_ERROR && is_console)
        return error_copy(error, &message->error);
    if (message->kind == CONTROL_ERROR)
        alloc_replace(&news->notice, alloc_string(message->error.text));
    if (message->kind == CONTROL_RESULT && is_console) {
        news->ended = true;
        alloc_replace(&news->notice, alloc_printf("%s has ended%s%s", link->options.name,
                                                  reason ? ": " : "", reason ? reason : ""));
    }
    return true;
}

static bool read_supervised(struct console_link *link, struct console_news *news,
                            struct error *error) {
    struct control_message message = {0};
    if (!client_fill(link->client, error))
        return false;
    while (error->code == ERROR_NONE && client_pull(link->client, &message, error)) {
        take_message(link, &message, news, error);
        control_message_done(&message);
    }
    return error->code == ERROR_NONE;
}

static bool write_supervised(struct console_link *link, const char *data, size_t length,
                             struct error *error) {
    struct buffer text = {0};
    json_t *params = json_object();
    base64_append(data, length, &text);
    json_object_set_new(params, "data", json_string(text.data));
    buffer_done(&text);
    return client_send(link->client, "console-input", params, error) != 0;
}

/* --- the VM's own socket --- */

static bool lock_log(struct console_link *link, struct error *error) {
    scoped(alloc_release) char *path =
        layout_file(link->home, link->options.name, LAYOUT_CONSOLE_LOG);
    link->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (link->log < 0)
        return error_errno(error, "cannot write %s", path);
    if (flock(link->log, LOCK_EX | LOCK_NB) < 0)
        return error_set(error, ERROR_WRONG_STATE,
                         "another `pgsup console` has the console of %s, which only a supervisor "
                         "can share: `pgsup up` starts one",
                         link->options.name);
    console_times_open(&link->times, path, (size_t)lseek(link->log, 0, SEEK_END));
    return true;
}

bool console_link_take_again(struct console_link *link, struct error *error) {
    if (link->client || link->direct >= 0)
        return true;
    link->direct = socket_connect(link->socket, error);
    return link->direct >= 0;
}

void console_link_let_go(struct console_link *link) {
    file_release(&link->direct);
    link->direct = -1;
}

static bool open_direct(struct console_link *link, struct error *error) {
    struct running running = {0};
    if (!running_find(link->home->run, link->options.name, &running, error))
        return false;
    bool by_script =
        running.name && strncmp(running.tag, RUN_FILE_SCRIPT_TAG, strlen(RUN_FILE_SCRIPT_TAG)) == 0;
    bool good = running.name && !by_script;
    if (by_script)
        error_set(error, ERROR_WRONG_STATE,
                  "%s was started by vm.sh: its console is in that terminal", link->options.name);
    else if (!good)
        error_set(error, ERROR_WRONG_STATE, "%s does not run: `pgsup start %s` starts it",
                  link->options.name, link->options.name);
    if (good)
        link->socket = run_file_path(link->home->run, running.name, running.tag, RUN_FILE_CONSOLE);
    running_done(&running);
    return good && lock_log(link, error) && console_link_take_again(link, error);
}

static bool read_direct(struct console_link *link, struct console_news *news) {
    char chunk[16384];
    ssize_t got = read(link->direct, chunk, sizeof chunk);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got > 0) {
        buffer_append(&news->output, chunk, (size_t)got);
        off_t end = lseek(link->log, 0, SEEK_END);
        if (end >= 0 && end < LOG_LIMIT_BYTES) {
            console_times_note(&link->times, (size_t)end, chunk, (size_t)got);
            file_write_all(link->log, chunk, (size_t)got);
        }
        return true;
    }
    news->ended = true;
    alloc_replace(&news->notice, alloc_printf("%s has ended", link->options.name));
    return true;
}

static bool write_direct(struct console_link *link, const char *data, size_t length,
                         struct error *error) {
    while (length > 0) {
        struct pollfd ready = {.fd = link->direct, .events = POLLOUT};
        if (poll(&ready, 1, WRITE_TIMEOUT_MS) <= 0)
            return true; /* dropped, as a serial line would */
        ssize_t put = socket_write(link->direct, data, length);
        if (put < 0 && errno != EAGAIN && errno != EINTR)
            return error_errno(error, "cannot write to the console of %s", link->options.name);
        data += put > 0 ? put : 0;
        length -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* --- either --- */

static bool is_by_script(const struct console_link *link) {
    struct running running = {0};
    bool found = running_find(link->home->run, link->options.name, &running, NULL) && running.name;
    bool script =
        found && strncmp(running.tag, RUN_FILE_SCRIPT_TAG, strlen(RUN_FILE_SCRIPT_TAG)) == 0;
    running_done(&running);
    return script;
}

static bool open_any(struct console_link *link, struct error *error) {
    struct store_instance instance = {0};
    struct error absent = {0};
    if (!instance_table_get(link->home->store, link->options.name, &instance, error))
        return false;
    store_instance_done(&instance);
    link->client = client_open(link->home, &absent);
    if (link->client && !is_by_script(link))
        return attach(link, error);
    if (!link->client && absent.code != ERROR_NO_SUPERVISOR)
        return error_copy(error, &absent);
    return open_direct(link, error);
}

struct console_link *console_link_open(const struct home *home,
                                       const struct console_link_options *options,
                                       struct error *error) {
    struct console_link *link = alloc_zero(sizeof *link);
    *link = (struct console_link){
        .home = home, .options = *options, .direct = -1, .log = -1, .times = {.fd = -1}};
    if (open_any(link, error))
        return link;
    console_link_close(link);
    return NULL;
}

void console_link_close(struct console_link *link) {
    if (!link)
        return;
    client_close(link->client);
    file_release(&link->direct);
    file_release(&link->log);
    console_times_close(&link->times);
    free(link->socket);
    free(link);
}

bool console_link_is_relayed(const struct console_link *link) {
    return link->client != NULL;
}

int console_link_descriptor(const struct console_link *link) {
    return link->client ? client_descriptor(link->client) : link->direct;
}

bool console_link_read(struct console_link *link, struct console_news *news, struct error *error) {
    return link->client ? read_supervised(link, news, error) : read_direct(link, news);
}

bool console_link_write(struct console_link *link, const char *data, size_t length,
                        struct error *error) {
    if (link->options.read_only)
        return true;
    return link->client ? write_supervised(link, data, length, error)
                        : write_direct(link, data, length, error);
}

void console_link_tick(struct console_link *link, struct console_news *news) {
    struct error ignored = {0};
    if (link->client || !(link->client = client_open(link->home, &ignored)))
        return;
    console_link_let_go(link);
    console_times_close(&link->times);
    file_release(&link->log);
    link->log = -1;
    link->shown = true;
    attach(link, &ignored);
    alloc_replace(&news->notice,
                  alloc_string("a supervisor runs now: the console goes through it"));
}
