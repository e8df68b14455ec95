/* The rows of one instance or of all, collected: one question to the supervisor, and one to the
 * store for each table. */
#pragma once

#include "cli/link/vm_status.h"
#include "cli/output/instance_row.h"
#include "store/guest_table.h"

struct instance_rows {
    struct vm_status vms;
    struct store_instances instances; /* all, if they were asked for */
    struct instance_output output;    /* only with the form WHOLE */
    struct store_addresses addresses;
};

/* BRIEF: of all, only what the table of them shows as it is. */
enum instance_rows_form { INSTANCE_ROWS_WHOLE, INSTANCE_ROWS_BRIEF };

/* only: NULL: all. False: nothing to close. */
bool instance_rows_open(struct home *home, const struct store_instance *only,
                        enum instance_rows_form form, struct instance_rows *rows,
                        struct error *error);
/* Of each instance once. The row borrows from the instance and from rows. */
void instance_rows_read(struct instance_rows *rows, const struct store_instance *instance,
                        struct instance_row *row);
/* … as JSON, for the caller; the form was WHOLE. */
json_t *instance_rows_get(struct instance_rows *rows, const struct store_instance *instance);
void instance_rows_close(struct instance_rows *rows);
