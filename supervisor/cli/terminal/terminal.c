#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const int ending_signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
static struct termios restored; /* for the signal handler; valid while a terminal is raw */
static volatile sig_atomic_t raw_fd = -1, suspend;

bool terminal_is_capable(int fd) {
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

struct terminal_size terminal_size_of(int fd) {
    struct winsize size = {0};
    struct terminal_size found = {TERMINAL_COLUMNS, TERMINAL_ROWS};
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        return found;
    if (size.ws_col)
        found.columns = size.ws_col;
    if (size.ws_row)
        found.rows = size.ws_row;
    return found;
}

static void on_ending_signal(int number) {
    if (raw_fd >= 0)
        tcsetattr(raw_fd, TCSANOW, &restored);
    signal(number, SIG_DFL);
    raise(number);
}

static void on_suspend_signal(int number) {
    suspend = number;
}

static void watch_signals(void (*handler)(int), void (*suspend_handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ending_signals / sizeof *ending_signals; i++)
        sigaction(ending_signals[i], &action, NULL);
    action.sa_handler = suspend_handler;
    sigaction(SIGTSTP, &action, NULL);
}

static bool apply_raw(const struct terminal *terminal) {
    struct termios raw = terminal->saved;
    cfmakeraw(&raw);
    return tcsetattr(terminal->fd, TCSADRAIN, &raw) == 0;
}

bool terminal_make_raw(struct terminal *terminal, int fd, struct error *error) {
    *terminal = (struct terminal){.fd = fd};
    if (tcgetattr(fd, &terminal->saved) < 0)
        return error_errno(error, "cannot read the settings of the terminal");
    restored = terminal->saved;
    raw_fd = fd;
    terminal->raw = true;
    watch_signals(on_ending_signal, on_suspend_signal);
    if (apply_raw(terminal))
        return true;
    error_errno(error, "cannot change the settings of the terminal");
    terminal_restore(terminal);
    return false;
}

void terminal_restore(struct terminal *terminal) {
    if (!terminal->raw)
        return;
    tcsetattr(terminal->fd, TCSADRAIN, &terminal->saved);
    terminal->raw = false;
    raw_fd = -1;
    watch_signals(SIG_DFL, SIG_DFL);
}

bool terminal_wants_suspend(void) {
    return suspend;
}

void terminal_suspend(struct terminal *terminal) {
    suspend = 0;
    if (terminal->raw)
        tcsetattr(terminal->fd, TCSADRAIN, &terminal->saved);
    raise(SIGSTOP);
    if (terminal->raw)
        apply_raw(terminal);
}
