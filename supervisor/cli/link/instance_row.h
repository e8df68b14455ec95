/* An instance as every command shows it: what is defined, what it does now, where it is reached.
 * One shape in `list`, `info`, `instance list` and `instance get`, with and without a supervisor;
 * its keys are documented in the topic "json". */
#pragma once

#include "cli/link/vm_status.h"
#include "cli/output/instance_output.h"
#include "store/guest_table.h"

struct instance_rows {
    struct vm_status vms;
    struct instance_output output;
    struct home *home;
    struct store_addresses addresses;
    int64_t now_ms; /* wall */
};

/* BRIEF: only what the table of all instances shows as it is. */
enum instance_rows_form { INSTANCE_ROWS_WHOLE, INSTANCE_ROWS_BRIEF };

/* Of one instance or, with NULL, of all: one question to the supervisor, and one for each table.
 * False: nothing to close. */
bool instance_rows_open(struct home *home, const struct store_instance *only,
                        enum instance_rows_form form, struct instance_rows *rows,
                        struct error *error);
json_t *instance_rows_get(struct instance_rows *rows, const struct store_instance *instance);
/* The form was BRIEF. */
json_t *instance_rows_brief(struct instance_rows *rows, const struct store_instance *instance);
void instance_rows_close(struct instance_rows *rows);
