/* The cloud, its network and its users: what is put in comes back the same, column by column. */
#include "store/user_table.h"
#include "store_samples.h"

static void check_cloud(struct store *store, const struct store_cloud *expected) {
    struct store_cloud cloud = {0};
    OK(cloud_table_put(store, expected, &error));
    OK(cloud_table_get(store, &cloud, &error));
    CHECK_STRING(cloud.name, expected->name);
    CHECK_STRING(cloud.admin_password_hash, expected->admin_password_hash);
    CHECK_STRING(cloud.ssh_public_key, expected->ssh_public_key);
    CHECK_STRING(cloud.ssh_public_key_path, expected->ssh_public_key_path);
    CHECK_STRING(cloud.ssh_private_key_path, expected->ssh_private_key_path);
    CHECK_STRING(cloud.ssh_user, expected->ssh_user);
    CHECK_INT(cloud.mac_base, expected->mac_base);
    CHECK_INT(cloud.created_ms, expected->created_ms);
    CHECK_STRING(cloud.network, expected->network);
    CHECK_STRING(cloud.interface, expected->interface);
    CHECK_STRING(cloud.host_ip4, expected->host_ip4);
    CHECK_STRING(cloud.host_nm4, expected->host_nm4);
    CHECK_STRING(cloud.host_gw4, expected->host_gw4);
    CHECK_STRING(cloud.host_ns4, expected->host_ns4);
    CHECK_INT(cloud.phone_home_port, expected->phone_home_port);
    CHECK_STRING(cloud.dns_server, expected->dns_server);
    CHECK_STRING(cloud.dns_zone, expected->dns_zone);
    CHECK_STRING(cloud.dns_key_path, expected->dns_key_path);
    CHECK_INT(cloud.package_upgrade, expected->package_upgrade);
    CHECK_INT(cloud.auto_up, expected->auto_up);
    CHECK_INT(cloud.trash_days, expected->trash_days);
    store_cloud_done(&cloud);
    CHECK(!cloud.name);
}

TEST(cloud_comes_back) {
    struct store *store = new_store("cloud");
    struct store_cloud cloud = {0};
    FAILS(cloud_table_get(store, &cloud, &error), ERROR_NOT_FOUND, "`pgsup cloud create`");
    check_cloud(store, &full_cloud);
    check_cloud(store, &bare_cloud); /* replaced, every column of it */
    check_cloud(store, &full_cloud);
    store_close(store);
}

TEST(users_come_back_by_name) {
    struct store *store = with_image("users");
    struct store_users users = {0};
    struct store_user last = {(char *)"zoe", (char *)"ssh-ed25519 A"};
    struct store_user first = {(char *)"anna", (char *)"ssh-ed25519 B\nssh-rsa C"};
    struct store_user changed = {(char *)"zoe", (char *)"ssh-ed25519 D"};
    OK(user_table_put(store, &last, &error));
    OK(user_table_put(store, &first, &error));
    OK(user_table_put(store, &changed, &error));
    OK(user_table_list(store, &users, &error));
    CHECK_INT(users.count, 2);
    CHECK_STRING(users.items[0].name, "anna");
    CHECK_STRING(users.items[0].ssh_public_keys, "ssh-ed25519 B\nssh-rsa C");
    CHECK_STRING(users.items[1].ssh_public_keys, "ssh-ed25519 D");
    store_users_done(&users);
    OK(user_table_remove(store, "anna", &error));
    FAILS(user_table_remove(store, "anna", &error), ERROR_NOT_FOUND, "\"anna\"");
    store_close(store);
}

int main(void) {
    return test_run();
}
