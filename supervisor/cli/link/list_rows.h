/* The instances that `pgsup list` shows: those that were asked for, in the order asked for, each
 * as cli/output/instance_row.h has it. */
#pragma once

#include "base/error.h"
#include "cli/link/instance_rows.h"
#include "cli/output/list_table.h"
#include "home/home.h"

#include <jansson.h>
#include <stdbool.h>

struct list_choice { /* borrowed; NULL or 0: all */
    char *const *names;
    size_t name_count;
    const char *state, *group;
    const struct list_column *sort; /* not NULL; rows without this value come last */
    bool descending;
    bool whole; /* false: only what the table of all instances shows as it is */
};

struct list_rows {
    struct instance_row *items;
    size_t count;
    bool supervised;          /* a supervisor answered */
    size_t total;             /* of the home, whatever was chosen */
    struct instance_rows all; /* the items point into it */
};

/* Fails for a name that is no instance, a word that is no state and a group that has no instance.
 */
bool list_rows_check(const struct home *home, const struct list_choice *choice,
                     struct error *error);
bool list_rows_collect(struct home *home, const struct list_choice *choice, struct list_rows *list,
                       struct error *error);
/* For the caller; the choice was whole. */
json_t *list_rows_json(const struct list_rows *list);
void list_rows_done(struct list_rows *list);
