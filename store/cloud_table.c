#include "cloud_table.h"

#include "store/query.h"

#include <stdlib.h>

static bool fail_no_cloud(struct error *error) {
    return error_set(error, ERROR_NOT_FOUND,
                     "this home has no cloud: create one with `pgsup cloud create`");
}

bool cloud_table_get(struct store *store, struct store_cloud *cloud, struct error *error) {
    struct query query;
    if (!query_open(store, CLOUD_GET, &query, error))
        return false;
    bool found = query_row(&query, error);
    if (found) {
        char **const texts[] = {&cloud->name,
                                &cloud->admin_password_hash,
                                &cloud->ssh_public_key,
                                &cloud->ssh_public_key_path,
                                &cloud->ssh_private_key_path,
                                &cloud->ssh_user};
        char **const network[] = {&cloud->network,  &cloud->interface, &cloud->host_ip4,
                                  &cloud->host_nm4, &cloud->host_gw4,  &cloud->host_ns4};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = query_column_text(&query);
        cloud->mac_base = (uint32_t)query_column_number(&query);
        cloud->created_ms = query_column_number(&query);
        cloud->package_upgrade = query_column_number(&query) != 0;
        cloud->auto_up = query_column_number(&query) != 0;
        cloud->trash_days = (uint64_t)query_column_number(&query);
        for (size_t i = 0; i < sizeof network / sizeof *network; i++)
            *network[i] = query_column_text(&query);
        cloud->phone_home_port = (uint16_t)query_column_number(&query);
        cloud->dns_server = query_column_text(&query);
        cloud->dns_zone = query_column_text(&query);
        cloud->dns_key_path = query_column_text(&query);
        cloud->phone_home_auto = query_column_number(&query) != 0;
    }
    if (!query_close(&query))
        return false;
    return found || fail_no_cloud(error);
}

static bool put_network(struct store *store, const struct store_cloud *cloud, struct error *error) {
    struct query query;
    if (!query_open(store, NETWORK_PUT, &query, error))
        return false;
    const char *const texts[] = {cloud->network,  cloud->interface, cloud->host_ip4,
                                 cloud->host_nm4, cloud->host_gw4,  cloud->host_ns4};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        query_bind_text(&query, texts[i]);
    query_bind_number(&query, cloud->phone_home_port);
    query_bind_text(&query, cloud->dns_server);
    query_bind_text(&query, cloud->dns_zone);
    query_bind_text(&query, cloud->dns_key_path);
    query_bind_number(&query, cloud->phone_home_auto);
    return query_finish(&query, error);
}

bool cloud_table_put(struct store *store, const struct store_cloud *cloud, struct error *error) {
    struct query query;
    if (!query_open(store, CLOUD_PUT, &query, error))
        return false;
    query_bind_text(&query, cloud->name);
    query_bind_text(&query, cloud->admin_password_hash);
    query_bind_text(&query, cloud->ssh_public_key);
    query_bind_text(&query, cloud->ssh_public_key_path);
    query_bind_text(&query, cloud->ssh_private_key_path);
    query_bind_text(&query, cloud->ssh_user);
    query_bind_number(&query, cloud->mac_base);
    query_bind_number(&query, cloud->created_ms);
    query_bind_number(&query, cloud->package_upgrade);
    query_bind_number(&query, cloud->auto_up);
    query_bind_number(&query, (int64_t)cloud->trash_days);
    return query_finish(&query, error) && put_network(store, cloud, error);
}

bool cloud_table_get_place(struct store *store, char **path, struct error *error) {
    struct query query;
    *path = NULL;
    if (!query_open(store, CLOUD_GET_PLACE, &query, error))
        return false;
    bool found = query_row(&query, error);
    if (found)
        *path = query_column_text(&query);
    return query_close(&query) && (found || fail_no_cloud(error));
}

bool cloud_table_set_place(struct store *store, const char *path, struct error *error) {
    struct query query;
    if (!query_open(store, CLOUD_SET_PLACE, &query, error))
        return false;
    query_bind_text(&query, path);
    return query_finish(&query, error);
}

void store_cloud_done(struct store_cloud *cloud) {
    free(cloud->name);
    free(cloud->admin_password_hash);
    free(cloud->ssh_public_key);
    free(cloud->ssh_public_key_path);
    free(cloud->ssh_private_key_path);
    free(cloud->ssh_user);
    free(cloud->network);
    free(cloud->interface);
    free(cloud->host_ip4);
    free(cloud->host_nm4);
    free(cloud->host_gw4);
    free(cloud->host_ns4);
    free(cloud->dns_server);
    free(cloud->dns_zone);
    free(cloud->dns_key_path);
    *cloud = (struct store_cloud){0};
}
