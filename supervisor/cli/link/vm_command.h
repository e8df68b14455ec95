/* What the commands that act on VMs share: one or several names, or --all; one request each, under
 * way at the same time; answers shown as they come; the exit status of the first that failed. */
#pragma once

#include "cli/invocation.h"

#include <jansson.h>

#define VM_COMMAND_ALL                                                                             \
    { .name = "all", .letter = 'a', .help = "every instance" }
#define VM_COMMAND_ARGUMENTS                                                                       \
    .arguments = "[NAME...]", .max_arguments = COMMAND_MANY, .section = SECTION_RUN,               \
    .completes = COMPLETES_INSTANCES, .needs = NEEDS_HOME

struct vm_command {
    const char *method;
    json_t *params; /* without "name"; stolen by vm_command_run() */
    /* Shows one result on stdout; not called with --quiet. */
    void (*show)(const char *name, json_t *result);
    /* Warns of what is in a result all the same, also with --quiet; may be NULL. */
    void (*warn)(const char *name, json_t *result);
    /* Without a supervisor: does it directly. NULL: that is an error. Sets error when it fails. */
    void (*offline)(struct invocation *invocation, const char *name, void *context,
                    struct error *error);
    void *context;
};

int vm_command_run(struct invocation *invocation, struct vm_command *command, struct error *error);
