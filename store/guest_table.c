#include "guest_table.h"

#include "store/statement.h"

#include <stdlib.h>

enum { GET, PUT };
static const char *const sql[] = {
    [GET] = "SELECT phoned_home_ms, hostname, address, address_source, host_keys, provisioned_ms,"
            " provision_result FROM guests WHERE instance = ?",
    [PUT] = "INSERT OR REPLACE INTO guests (instance, phoned_home_ms, hostname, address,"
            " address_source, host_keys, provisioned_ms, provision_result)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
};

bool guest_table_get(struct store *store, int64_t instance, struct store_guest *guest,
                     struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[GET], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, instance);
    *guest = (struct store_guest){0};
    enum statement_result result = statement_step(store, row, error);
    if (result == STATEMENT_ROW)
        *guest = (struct store_guest){
            .phoned_home_ms = statement_number(row, 0),
            .hostname = statement_text(row, 1),
            .address = statement_text(row, 2),
            .address_source = statement_text(row, 3),
            .host_keys = statement_text(row, 4),
            .provisioned_ms = statement_number(row, 5),
            .provision_result = statement_text(row, 6),
        };
    statement_end(row);
    return result != STATEMENT_FAILED;
}

bool guest_table_put(struct store *store, int64_t instance, const struct store_guest *guest,
                     struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[PUT], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, instance);
    statement_bind_number(row, 2, guest->phoned_home_ms);
    statement_bind_text(row, 3, guest->hostname);
    statement_bind_text(row, 4, guest->address);
    statement_bind_text(row, 5, guest->address_source);
    statement_bind_text(row, 6, guest->host_keys);
    statement_bind_number(row, 7, guest->provisioned_ms);
    statement_bind_text(row, 8, guest->provision_result);
    return statement_run(store, row, error);
}

void store_guest_done(struct store_guest *guest) {
    free(guest->hostname);
    free(guest->address);
    free(guest->address_source);
    free(guest->host_keys);
    free(guest->provision_result);
    *guest = (struct store_guest){0};
}
