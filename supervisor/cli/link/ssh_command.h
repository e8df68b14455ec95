/* The command line of ssh(1) that logs in to a guest by pgsup's own configuration, whatever the
 * user's says, with its host key checked against what it phoned home. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"

#include <stdbool.h>

struct ssh_command {
    const char *name;           /* of the instance */
    const char *user;           /* NULL: the cloud's */
    const struct strv *options; /* of ssh(1), before pgsup's own, so that they win; NULL: none */
    bool batch;                 /* no questions, shorter timeout */
};

/* argv[0] is a path. The caller may append the command for the guest. */
bool ssh_command_make(struct home *home, const struct ssh_command *command, struct strv *argv,
                      struct error *error);
