/* Shared by the commands that act on VMs: takes one or several names, --group or --all; sends one
 * request for each, all at the same time or in the order of their --after; shows answers as they
 * arrive; returns the exit status of the first failure. */
#pragma once

#include "cli/invocation.h"
#include "cli/link/selection.h"
#include "cli/output/progress.h"

#include <jansson.h>

#define VM_COMMAND_OPTIONS                                                                         \
    {.name = "all", .letter = 'a', .help = "every instance"}, SELECTION_GROUP_OPTION,              \
        {.name = "json", .help = "print one JSON object per instance: `pgsup help json`"},         \
        PROGRESS_OPTIONS
#define VM_COMMAND_ARGUMENTS                                                                       \
    .arguments = "[NAME...]", .max_arguments = COMMAND_MANY, .section = SECTION_RUN,               \
    .completes = COMPLETES_INSTANCES, .needs = NEEDS_HOME

struct vm_command {
    const char *method;
    json_t *params;     /* without "name"; stolen by vm_command_run() */
    const char *going;  /* what goes on after Ctrl-C: "booting" */
    const char *awaits; /* … and is waited for by `pgsup wait`: "ready"; NULL: the option "for" */
    bool may_begin;     /* a supervisor where none runs: auto_up.h */
    /* Of those that are given. One that fails is not waited for any longer. */
    enum selection_order order;
    bool provisions; /* what is waited for is Ansible */
    /* Called for each name before the first is sent; NULL: nothing. False: error set. */
    bool (*prepare)(const struct invocation *invocation, const char *name, struct error *error);
    /* Called for each name whose request ended well; NULL: nothing. False: error set; what was
     * done is shown too. */
    bool (*finish)(const struct invocation *invocation, const char *name, struct error *error);
    const char *left_out; /* what Ctrl-C leaves out of it, "; …"; NULL: nothing */
    /* Shows one result on stdout; not called with --quiet. */
    void (*show)(const struct invocation *invocation, const char *name, json_t *result);
    /* Prints warnings about a result, also with --quiet; may be NULL. */
    void (*warn)(const char *name, json_t *result);
    /* Does it without a supervisor; NULL: not possible. Sets error on failure. */
    void (*offline)(struct invocation *invocation, const char *name, void *context,
                    struct error *error);
    void *context;
};

int vm_command_run(struct invocation *invocation, struct vm_command *command, struct error *error);
/* With --json in place of show(): one line that tells what it came to. outcome may be NULL. */
void vm_command_print_json(const char *name, const char *state, const char *outcome);
