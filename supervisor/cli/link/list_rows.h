/* The instances that `pgsup list` shows: those that were asked for, in the order asked for, each
 * as instance_row.h makes it. */
#pragma once

#include "base/error.h"
#include "home/home.h"

#include <jansson.h>
#include <stdbool.h>

struct list_choice { /* borrowed; NULL or 0: all */
    char *const *names;
    size_t name_count;
    const char *state, *group;
    const char *sort_key; /* rows without this value come last */
    bool descending;
    bool whole; /* false: only what the table of all instances shows as it is */
};

struct list_rows {
    json_t *rows;    /* owned by the caller */
    bool supervised; /* a supervisor answered */
    size_t total;    /* of the home, whatever was chosen */
};

/* Fails for a name that is no instance and a word that is no state. */
bool list_rows_check(const struct home *home, const struct list_choice *choice,
                     struct error *error);
bool list_rows_collect(struct home *home, const struct list_choice *choice, struct list_rows *list,
                       struct error *error);
