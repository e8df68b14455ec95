#include "base/alloc.h"
#include "base/clock.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/cloud_output.h"
#include "cli/output/columns.h"
#include "cli/output/json_output.h"
#include "home/access/ssh_config.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/network_table.h"
#include "store/user_table.h"

#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON object"},
    OPTIONS_END,
};

static void print_keys(const char *lines) {
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        scoped(alloc_release) char *line = alloc_slice(lines, length);
        columns_pair("", line, stdout);
        lines += length + (lines[length] == '\n');
    }
}

static void print_cloud_text(const struct home *home, const struct store_cloud *cloud,
                             const struct store_users *users, const struct store_network *lab) {
    char created[CLOCK_RFC3339_SIZE];
    clock_rfc3339(cloud->created_ms, created);
    scoped(alloc_release) char *port = alloc_printf("%u", cloud->phone_home_port);
    scoped(alloc_release) char *days = alloc_printf("%llu", (unsigned long long)cloud->trash_days);
    columns_pair("name", cloud->name, stdout);
    columns_pair("home", home->path, stdout);
    columns_pair("created", created, stdout);
    columns_pair("admin password", cloud->admin_password_hash ? "set" : "none", stdout);
    columns_pair("ssh public key", cloud->ssh_public_key_path, stdout);
    print_keys(cloud->ssh_public_key);
    columns_pair("ssh private key", cloud->ssh_private_key_path, stdout);
    columns_pair("ssh user", ssh_config_user(cloud), stdout);
    for (size_t i = 0; i < users->count; i++) {
        columns_pair("user", users->items[i].name, stdout);
        print_keys(users->items[i].ssh_public_keys);
    }
    columns_pair("network", cloud->network, stdout);
    columns_pair("host interface", cloud->interface, stdout);
    columns_pair("host address", cloud->host_ip4, stdout);
    columns_pair("netmask", cloud->host_nm4, stdout);
    columns_pair("gateway", cloud->host_gw4, stdout);
    columns_pair("nameserver", cloud->host_ns4, stdout);
    columns_pair("lab", lab->name, stdout);
    columns_pair("phone-home port", port, stdout);
    columns_pair("package upgrade", cloud->package_upgrade ? "yes" : "no", stdout);
    columns_pair("auto up", cloud->auto_up ? "yes" : "no", stdout);
    columns_pair("trash days", days, stdout);
    columns_pair("dns server", cloud->dns_server, stdout);
    columns_pair("dns zone", cloud->dns_zone, stdout);
    columns_pair("dns key", cloud->dns_key_path, stdout);
}

static int run_cloud_get(struct invocation *invocation, struct error *error) {
    struct store *store = invocation->home->store;
    struct store_cloud cloud = {0};
    struct store_users users = {0};
    struct store_network lab = {0};
    bool good = cloud_table_get(store, &cloud, error) && user_table_list(store, &users, error) &&
                network_table_get_lab(store, &lab, error);
    if (good && invocation_flag(invocation, "json"))
        json_output_print(cloud_output_object(invocation->home, &cloud, &users, &lab));
    else if (good)
        print_cloud_text(invocation->home, &cloud, &users, &lab);
    store_network_done(&lab);
    store_users_done(&users);
    store_cloud_done(&cloud);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_cloud_get = {
    .path = "cloud get",
    .summary = "Show the settings of the cloud home",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_cloud_get,
};
