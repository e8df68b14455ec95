/* The table of instances that `pgsup list` prints: which columns there are, which are shown, and
 * how a value looks in its cell. */
#pragma once

#include "base/error.h"
#include "cli/output/instance_row.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LIST_COLUMNS 16

struct list_value { /* of a row in a column */
    bool known;
    const char *text; /* borrowed from the row; NULL: it is a number */
    int64_t number;
};
/* By the value of numbers, also of those in texts; those that are not known come last. */
int list_value_compare(const struct list_value *a, const struct list_value *b);

enum list_form { FORM_PLAIN, FORM_STATE, FORM_BYTES, FORM_AGE, FORM_TIME, FORM_ADDRESS };

struct list_column {
    const char *word; /* on the command line */
    struct list_value (*value)(const struct instance_row *row);
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
void list_table_print(const struct list_table *table, const struct instance_row *rows, size_t count,
                      FILE *file);
