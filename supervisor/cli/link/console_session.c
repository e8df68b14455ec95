#include "console_session.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/link/human_monitor.h"
#include "cli/terminal/console_keys.h"
#include "cli/terminal/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_LIMIT_BYTES (1u << 20) /* that the terminal has not taken; more is dropped */
#define OUTPUT_CHUNK_BYTES 1024u      /* a terminal that polls writable takes these at once */
#define TICK_MS            2000
/* What a guest may have left behind: colours, a hidden cursor, mouse reports, bracketed paste. */
#define TIDY "\033[0m\033[?25h\033[?7h\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l"

struct session {
    const struct home *home;
    const char *name;
    struct console_link *link; /* NULL: only the monitor */
    struct terminal terminal;
    struct console_keys keys;
    struct human_monitor monitor;
    bool in_monitor, left, entered, read_only;
    struct buffer output; /* for the terminal */
};

static void show(struct session *session, const void *data, size_t length) {
    if (session->output.length + length > OUTPUT_LIMIT_BYTES)
        buffer_clear(&session->output);
    buffer_append(&session->output, data, length);
}

static void show_notice(struct session *session, const char *text) {
    const char *end = session->terminal.raw ? "\r\n" : "\n";
    scoped(alloc_release) char *line = alloc_printf("%s[%s]%s", end, text, end);
    show(session, line, strlen(line));
}

/* After the last screen, which may begin with clearing this one. */
static void enter(struct session *session) {
    scoped(alloc_release) char *text =
        alloc_printf("%s the console of %s; Ctrl-] leaves, Ctrl-A C is QEMU's monitor",
                     session->read_only ? "watching" : "on", session->name);
    if (!session->entered && session->terminal.raw)
        show_notice(session, text);
    session->entered = true;
}

/* Never waits for the terminal, because the guest would wait too. */
static void flush_some(struct session *session) {
    size_t length = session->output.length;
    if (length > OUTPUT_CHUNK_BYTES)
        length = OUTPUT_CHUNK_BYTES;
    ssize_t put = length ? write(STDOUT_FILENO, session->output.data, length) : 0;
    if (put > 0)
        buffer_consume(&session->output, (size_t)put);
    else if (put < 0 && errno != EAGAIN && errno != EINTR)
        session->left = true;
}

static void flush_rest(struct session *session) {
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
    bool left = session->left;
    for (session->left = false; session->output.length && !session->left;) {
        if (poll(&ready, 1, 200) <= 0)
            break;
        flush_some(session);
    }
    session->left = left;
}

/* --- keys --- */

static void enter_monitor(struct session *session) {
    struct error problem = {0};
    if (!session->monitor.offline &&
        !human_monitor_open(&session->monitor, session->home, session->name, &problem)) {
        show_notice(session, problem.text);
        return;
    }
    show_notice(session, session->link ? "QEMU's monitor; Ctrl-A C goes back to the console"
                                       : "QEMU's monitor; Ctrl-] leaves, Tab completes");
    session->in_monitor = true;
    human_monitor_begin(&session->monitor, &session->output);
}

static void leave_monitor(struct session *session) {
    session->in_monitor = false;
    session->left = !session->link;
    if (session->link)
        show_notice(session, "the console");
}

static bool type_monitor(struct session *session, const char *keys, size_t length,
                         struct error *error) {
    struct error problem = {0};
    if (human_monitor_keys(&session->monitor, keys, length, &session->output, &problem))
        return true;
    if (problem.code != ERROR_NONE && !session->link)
        return error_copy(error, &problem);
    if (problem.code != ERROR_NONE)
        human_monitor_close(&session->monitor);
    leave_monitor(session);
    return true;
}

static bool type_console(struct session *session, const char *keys, size_t length,
                         struct error *error) {
    struct buffer typed = {0};
    bool good = true;
    while (good && length > 0 && !session->left && !session->in_monitor) {
        size_t taken = length;
        enum console_action action = console_keys_feed(&session->keys, keys, &taken, &typed);
        if (typed.length)
            good = console_link_write(session->link, typed.data, typed.length, error);
        buffer_clear(&typed);
        keys += taken;
        length -= taken;
        session->left = action == CONSOLE_ACTION_LEAVE;
        if (action == CONSOLE_ACTION_MONITOR)
            enter_monitor(session);
    }
    buffer_done(&typed);
    return good;
}

static bool read_keys(struct session *session, struct error *error) {
    char keys[1024];
    ssize_t got = read(STDIN_FILENO, keys, sizeof keys);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0) {
        session->left = true;
        return true;
    }
    if (session->in_monitor)
        return type_monitor(session, keys, (size_t)got, error);
    if (session->terminal.raw)
        return type_console(session, keys, (size_t)got, error);
    return console_link_write(session->link, keys, (size_t)got, error);
}

/* --- the loop --- */

static void take_news(struct session *session, struct console_news *news) {
    if (news->output.length)
        show(session, news->output.data, news->output.length);
    if (news->entered)
        enter(session);
    if (news->notice)
        show_notice(session, news->notice);
    session->left = session->left || news->ended;
    console_news_done(news);
}

static bool suspend_and_return(struct session *session, struct error *error) {
    if (session->link)
        console_link_let_go(session->link);
    terminal_suspend(&session->terminal);
    return !session->link || console_link_take_again(session->link, error);
}

static bool wait_once(struct session *session, struct error *error) {
    int fd = session->link ? console_link_descriptor(session->link) : -1;
    struct pollfd watched[3] = {
        {.fd = session->entered ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = fd, .events = POLLIN},
        {.fd = session->output.length ? STDOUT_FILENO : -1, .events = POLLOUT},
    };
    struct console_news news = {0};
    bool good = true;
    int ready = poll(watched, 3, TICK_MS);
    if (terminal_wants_suspend())
        return suspend_and_return(session, error);
    if (ready == 0 && session->link)
        console_link_tick(session->link, &news);
    if (ready > 0 && watched[1].revents)
        good = console_link_read(session->link, &news, error);
    take_news(session, &news);
    if (ready > 0 && watched[2].revents)
        flush_some(session);
    if (ready > 0 && watched[0].revents && good && !session->left)
        good = read_keys(session, error);
    return good;
}

static bool run_loop(struct session *session, struct error *error) {
    bool good = !isatty(STDIN_FILENO) || terminal_make_raw(&session->terminal, STDIN_FILENO, error);
    session->entered = !session->link;
    if (good && !session->link)
        enter_monitor(session);
    else if (good && !console_link_is_relayed(session->link))
        enter(session);
    while (good && !session->left)
        good = wait_once(session, error);
    flush_rest(session);
    if (session->terminal.raw && session->link)
        (void)!write(STDOUT_FILENO, TIDY "\r\n", sizeof TIDY + 1);
    terminal_restore(&session->terminal);
    human_monitor_close(&session->monitor);
    buffer_done(&session->output);
    return good;
}

bool console_session_run(const struct home *home, const struct console_link_options *options,
                         struct error *error) {
    struct session session = {.home = home, .name = options->name, .read_only = options->read_only};
    session.link = console_link_open(home, options, error);
    if (!session.link)
        return false;
    bool good = run_loop(&session, error);
    console_link_close(session.link);
    return good;
}

bool console_session_monitor(const struct home *home, const char *name, struct error *error) {
    struct session session = {.home = home, .name = name};
    if (!human_monitor_open(&session.monitor, home, name, error))
        return false;
    return run_loop(&session, error);
}
