/* The table of instances that `pgsup list` prints: which columns there are, which are shown, and
 * how a value looks in its cell. Rows are JSON objects as cli/link/instance_row.h makes them. */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define LIST_COLUMNS 16

enum list_form { FORM_PLAIN, FORM_STATE, FORM_BYTES, FORM_AGE, FORM_ADDRESS };

struct list_column {
    const char *word, *key; /* on the command line; of the value in a row */
    enum list_form form;
    bool standard, may_cut;
    unsigned leave_out; /* on a narrow terminal, the highest first */
};

struct list_table {
    const struct list_column *columns[LIST_COLUMNS];
    size_t count;
    bool chosen; /* by the user: all are shown */
    bool no_heading, color;
    size_t width; /* of the terminal; 0: any */
};

const struct list_column *list_table_column(const char *word, size_t length, struct error *error);
/* words: "name,state"; NULL: the standard ones, of which the reason is shown when a row is not as
 * it should be. */
bool list_table_choose(struct list_table *table, const char *words, struct error *error);
void list_table_print(const struct list_table *table, const json_t *rows, FILE *file);
