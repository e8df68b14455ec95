#include "base/alloc.h"
#include "base/clock.h"
#include "cli/columns.h"
#include "cli/invocation.h"
#include "cli/json_output.h"
#include "cli/table.h"
#include "home/home.h"
#include "store/cloud_table.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON object"},
    OPTIONS_END,
};

/* The hash stays in the store: whoever has it can try passwords at leisure. */
static void print_json(const struct home *home, const struct store_cloud *cloud) {
    json_t *object = json_object();
    json_object_set_new(object, "name", json_output_text(cloud->name));
    json_object_set_new(object, "home", json_output_text(home->path));
    json_object_set_new(object, "created", json_output_time(cloud->created_ms));
    json_object_set_new(object, "admin_password", json_boolean(cloud->admin_password_hash));
    json_object_set_new(object, "ssh_public_key", json_output_text(cloud->ssh_public_key));
    json_object_set_new(object, "ssh_public_key_path",
                        json_output_text(cloud->ssh_public_key_path));
    json_object_set_new(object, "network", json_output_text(cloud->network));
    json_object_set_new(object, "host_if", json_output_text(cloud->interface));
    json_object_set_new(object, "host_ip4", json_output_text(cloud->host_ip4));
    json_object_set_new(object, "host_nm4", json_output_text(cloud->host_nm4));
    json_object_set_new(object, "host_gw4", json_output_text(cloud->host_gw4));
    json_object_set_new(object, "host_ns4", json_output_text(cloud->host_ns4));
    json_object_set_new(object, "ph_port", json_integer(cloud->phone_home_port));
    json_output_print(object);
}

static void print_text(const struct home *home, const struct store_cloud *cloud) {
    char created[CLOCK_RFC3339_SIZE];
    clock_rfc3339(cloud->created_ms, created);
    scoped(alloc_release) char *port = alloc_printf("%u", cloud->phone_home_port);
    columns_pair("name", cloud->name, stdout);
    columns_pair("home", home->path, stdout);
    columns_pair("created", created, stdout);
    columns_pair("admin password", cloud->admin_password_hash ? "set" : "none", stdout);
    columns_pair("ssh public key", cloud->ssh_public_key_path, stdout);
    columns_pair("", cloud->ssh_public_key, stdout);
    columns_pair("network", cloud->network, stdout);
    columns_pair("host interface", cloud->interface, stdout);
    columns_pair("host address", cloud->host_ip4, stdout);
    columns_pair("netmask", cloud->host_nm4, stdout);
    columns_pair("gateway", cloud->host_gw4, stdout);
    columns_pair("nameserver", cloud->host_ns4, stdout);
    columns_pair("phone-home port", port, stdout);
}

static int run(struct invocation *invocation, struct error *error) {
    struct store_cloud cloud = {0};
    if (!cloud_table_get(invocation->home->store, &cloud, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json"))
        print_json(invocation->home, &cloud);
    else
        print_text(invocation->home, &cloud);
    store_cloud_done(&cloud);
    return EXIT_SUCCESS;
}

const struct command cmd_cloud_get = {
    .path = "cloud get",
    .summary = "Show the settings of the cloud home",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run,
};
