#include "cli/link/instance_rows.h"

static bool read_store(struct home *home, const struct store_instance *only,
                       enum instance_rows_form form, struct instance_rows *rows,
                       struct error *error) {
    struct store *store = home->store;
    if (!guest_table_list_addresses(store, &rows->addresses, error))
        return false;
    if (form == INSTANCE_ROWS_BRIEF)
        return instance_table_list_brief(store, &rows->instances, error);
    return (only || instance_table_list(store, &rows->instances, error)) &&
           instance_output_open(home, only ? only->id : 0, &rows->output, error);
}

/* The store is read while the supervisor works on its answer. */
bool instance_rows_open(struct home *home, const struct store_instance *only,
                        enum instance_rows_form form, struct instance_rows *rows,
                        struct error *error) {
    const struct vm_status_scope scope = {.only = only ? only->name : NULL,
                                          .brief = form == INSTANCE_ROWS_BRIEF};
    *rows = (struct instance_rows){0};
    if (!vm_status_ask(home, &scope, &rows->vms, error))
        return false;
    bool good = read_store(home, only, form, rows, error) && vm_status_receive(&rows->vms, error);
    if (!good)
        instance_rows_close(rows);
    return good;
}

void instance_rows_close(struct instance_rows *rows) {
    store_addresses_done(&rows->addresses);
    store_instances_done(&rows->instances);
    instance_output_close(&rows->output);
    vm_status_close(&rows->vms);
}

void instance_rows_read(struct instance_rows *rows, const struct store_instance *instance,
                        struct instance_row *row) {
    const struct store_address *told = store_addresses_find(&rows->addresses, instance->id);
    const struct store_address address = told ? *told : (struct store_address){0};
    const struct store_guest guest = {.address = address.address,
                                      .address_source = address.address_source,
                                      .address_ms = address.address_ms};
    row->instance = instance;
    vm_status_get(&rows->vms, instance, &row->now);
    endpoint_of(instance, &guest, &row->endpoint);
}

json_t *instance_rows_get(struct instance_rows *rows, const struct store_instance *instance) {
    struct instance_row row;
    instance_rows_read(rows, instance, &row);
    return instance_row_object(&row, &rows->output);
}
