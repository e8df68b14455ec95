/* The instances that a command is to act on: by name, by --group, or --all; each once, with the
 * order that their --after gives them. Only those of the selection wait for one another. */
#pragma once

#include "base/strv.h"
#include "cli/invocation.h"

#define SELECTION_GROUP_OPTION                                                                     \
    {                                                                                              \
        .name = "group", .letter = 'g', .value = "GROUP",                                          \
        .help = "every instance in this group of Ansible's inventory", .many = true                \
    }

#define SELECTION_NONE SIZE_MAX

enum selection_order {
    SELECTION_TOGETHER,
    SELECTION_AFTER,  /* each when the one that it comes after is done */
    SELECTION_REVERSE /* each when all that come after it are done */
};

struct selection {
    struct strv names; /* as given; then those of the groups, or all, by name */
    size_t *after;     /* of each: the index of the one that it comes after; SELECTION_NONE */
};

/* Of the arguments and the options "group" and, if the command has it, "all". A name that no
 * instance has stays, to fail where it is used. */
bool selection_read(const struct invocation *invocation, struct selection *selection,
                    struct error *error);
/* Says that no instance is in it; false. */
bool selection_fail_group(const char *group, struct error *error);
void selection_done(struct selection *selection); /* {0} is fine */

/* done: one for each. */
bool selection_is_due(const struct selection *selection, enum selection_order order,
                      const bool *done, size_t index);
/* Another one of the selection is due only when this one is done. */
bool selection_is_awaited(const struct selection *selection, enum selection_order order,
                          size_t index);
