#include "cloud_table.h"

#include "store/statement.h"

#include <stdlib.h>

enum { GET, PUT_CLOUD, PUT_NETWORK };
static const char *const sql[] = {
    [GET] = "SELECT name, admin_password_hash, ssh_public_key, ssh_public_key_path, mac_base,"
            " created_ms, kind, interface, host_ip4, host_nm4, host_gw4, host_ns4, phone_home_port"
            " FROM cloud JOIN network USING (id)",
    [PUT_CLOUD] = "INSERT OR REPLACE INTO cloud (id, name, admin_password_hash, ssh_public_key,"
                  " ssh_public_key_path, mac_base, created_ms) VALUES (1, ?, ?, ?, ?, ?, ?)",
    [PUT_NETWORK] = "INSERT OR REPLACE INTO network (id, kind, interface, host_ip4, host_nm4,"
                    " host_gw4, host_ns4, phone_home_port) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
};

bool cloud_table_get(struct store *store, struct store_cloud *cloud, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[GET], error);
    enum statement_result result = row ? statement_step(store, row, error) : STATEMENT_FAILED;
    if (result == STATEMENT_ROW)
        *cloud = (struct store_cloud){
            .name = statement_text(row, 0),
            .admin_password_hash = statement_text(row, 1),
            .ssh_public_key = statement_text(row, 2),
            .ssh_public_key_path = statement_text(row, 3),
            .mac_base = (uint32_t)statement_number(row, 4),
            .created_ms = statement_number(row, 5),
            .network = statement_text(row, 6),
            .interface = statement_text(row, 7),
            .host_ip4 = statement_text(row, 8),
            .host_nm4 = statement_text(row, 9),
            .host_gw4 = statement_text(row, 10),
            .host_ns4 = statement_text(row, 11),
            .phone_home_port = (uint16_t)statement_number(row, 12),
        };
    else if (result == STATEMENT_DONE)
        error_set(error, ERROR_NOT_FOUND,
                  "there is no cloud in this home: make one with `pgsup cloud create`");
    statement_end(row);
    return result == STATEMENT_ROW;
}

static bool put_network(struct store *store, const struct store_cloud *cloud, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[PUT_NETWORK], error);
    if (!row)
        return false;
    statement_bind_text(row, 1, cloud->network);
    statement_bind_text(row, 2, cloud->interface);
    statement_bind_text(row, 3, cloud->host_ip4);
    statement_bind_text(row, 4, cloud->host_nm4);
    statement_bind_text(row, 5, cloud->host_gw4);
    statement_bind_text(row, 6, cloud->host_ns4);
    statement_bind_number(row, 7, cloud->phone_home_port);
    return statement_run(store, row, error);
}

bool cloud_table_put(struct store *store, const struct store_cloud *cloud, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[PUT_CLOUD], error);
    if (!row)
        return false;
    statement_bind_text(row, 1, cloud->name);
    statement_bind_text(row, 2, cloud->admin_password_hash);
    statement_bind_text(row, 3, cloud->ssh_public_key);
    statement_bind_text(row, 4, cloud->ssh_public_key_path);
    statement_bind_number(row, 5, cloud->mac_base);
    statement_bind_number(row, 6, cloud->created_ms);
    return statement_run(store, row, error) && put_network(store, cloud, error);
}

void store_cloud_done(struct store_cloud *cloud) {
    free(cloud->name);
    free(cloud->admin_password_hash);
    free(cloud->ssh_public_key);
    free(cloud->ssh_public_key_path);
    free(cloud->network);
    free(cloud->interface);
    free(cloud->host_ip4);
    free(cloud->host_nm4);
    free(cloud->host_gw4);
    free(cloud->host_ns4);
    *cloud = (struct store_cloud){0};
}
