/* Commands of this program that another one runs: first shown as a person would write them, then
 * run as processes of their own. What they print goes to stderr; stdin is this process's. */
#pragma once

#include "base/strv.h"
#include "cli/invocation.h"

struct own_command {
    char *program;    /* absolute */
    char *shown;      /* "pgsup", if that is found in PATH */
    const char *home; /* -p as given; NULL */
    bool quiet;
};

bool own_command_init(struct own_command *command, const struct invocation *invocation,
                      struct error *error);
void own_command_done(struct own_command *command);

/* "pgsup -p /srv/lab start test --wait", for a shell; caller frees. */
char *own_command_text(const struct own_command *command, const struct strv *words);
/* Until it ends. Its exit status, as a shell tells it; -1: it could not be started. A SIGTERM or
 * SIGHUP to this process is handed on to it. */
int own_command_run(const struct own_command *command, const struct strv *words,
                    struct error *error);
