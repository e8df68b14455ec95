/* The terminal of the command line: whether there is one, its size, and its settings while a
 * command reads single keys. Knows nothing of what is shown on it. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define TERMINAL_COLUMNS 80 /* if it does not say */
#define TERMINAL_ROWS    24

/* Around lines that are drawn again in place: one that is too long in spite of a cut (wide
 * characters) must not become two. DECAWM: https://vt100.net/docs/vt510-rm/DECAWM.html */
#define TERMINAL_WRAP_OFF "\033[?7l"
#define TERMINAL_WRAP_ON  "\033[?7h"

/* A terminal that can move its cursor. */
bool terminal_is_capable(int fd);

struct terminal_size {
    unsigned columns, rows;
};
struct terminal_size terminal_size_of(int fd);

struct terminal {
    int fd;
    struct termios saved;
    bool raw;
};

/* Keys arrive one by one, without echo, and Ctrl-C is a key. The settings are restored by
 * terminal_restore(), and also by signals that end the process (SIGTERM, SIGHUP, SIGINT, SIGQUIT).
 * One at a time. */
bool terminal_make_raw(struct terminal *terminal, int fd, struct error *error);
void terminal_restore(struct terminal *terminal); /* also of one that is not raw */
/* SIGTSTP came while it is raw: the caller lets go of what must not be held, then calls
 * terminal_suspend(), which stops the process with the settings restored and returns when it is
 * continued. */
bool terminal_wants_suspend(void);
void terminal_suspend(struct terminal *terminal);
