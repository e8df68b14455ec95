/* Shows the progress of a VM on stderr, line by line, while a command waits for it. On a terminal
 * the modules of cloud-init share one line, which is redrawn. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct invocation;

struct progress {
    const struct invocation *invocation;
    bool drawn; /* a line that is not ended */
};

/* A client_on_progress; context is the struct progress. */
void progress_show(void *context, const char *method, json_t *body);
/* Before anything else is written. */
void progress_clear(struct progress *progress);
