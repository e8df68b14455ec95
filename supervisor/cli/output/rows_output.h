/* A list as commands print it: rows are JSON objects, shown as one JSON array with --json and as
 * text in columns otherwise, so that both show the same facts. */
#pragma once

#include "cli/invocation.h"

#include <jansson.h>

#define ROWS_END                                                                                   \
    { .heading = NULL }

enum rows_format { ROWS_TEXT, ROWS_BYTES };

struct rows_column {
    const char *heading;
    const char *key;    /* of the value in a row: a text or a number */
    const char *absent; /* shown for null; NULL: "-" */
    enum rows_format format;
    char *(*cell)(const json_t *row); /* makes the text instead, which is freed; NULL: from key */
};

/* Prints the rows and releases them. The command has an option --json. */
void rows_output_print(const struct invocation *invocation, json_t *rows,
                       const struct rows_column *columns);
/* Prints what the column shows of each row, one a line, and releases the rows. */
void rows_output_names(json_t *rows, const struct rows_column *column);

/* What completion asks for (cli/manual/completion.h): the words that name the rows to the command
 * that removes or restores one. The command prints them with rows_output_names(). */
#define ROWS_NAMES_OPTION                                                                          \
    { .name = "names-only", .help = "print the names only", .hidden = true }
