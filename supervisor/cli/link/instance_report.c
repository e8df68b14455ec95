#include "instance_report.h"

#include "cli/link/instance_rows.h"
#include "cli/link/vm_command.h"
#include "cli/output/json_output.h"
#include "store/instance_table.h"

void instance_report_one(struct invocation *invocation, const char *name, struct error *error) {
    struct store_instance instance = {0};
    struct instance_rows rows;
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return;
    if (instance_rows_open(invocation->home, &instance, INSTANCE_ROWS_WHOLE, &rows, error)) {
        json_output_print(instance_rows_get(&rows, &instance));
        instance_rows_close(&rows);
    }
    store_instance_done(&instance);
}

void instance_report_first(struct invocation *invocation, struct error *error) {
    instance_report_one(invocation, invocation_argument(invocation, 0), error);
}

void instance_report_second(struct invocation *invocation, struct error *error) {
    instance_report_one(invocation, invocation_argument(invocation, 1), error);
}

void instance_report_removed(struct invocation *invocation, struct error *error) {
    (void)error;
    vm_command_print_json(invocation_argument(invocation, 0), NULL, "removed");
}
