/* A question before something is lost: asked on a terminal; elsewhere the option -y answers it. */
#pragma once

#include "cli/invocation.h"

#define CONFIRMATION_OPTION                                                                        \
    {                                                                                              \
        .name = "yes", .letter = 'y',                                                              \
        .help = "do it without a question; needed where nobody can be "                            \
                "asked"                                                                            \
    }

/* loss: "the disk of \"test\" is lost, 1.2 GiB". False: ERROR_CANCELLED, or ERROR_USAGE where
 * nobody can be asked. */
bool confirmation_ask(const struct invocation *invocation, const char *loss, struct error *error);
