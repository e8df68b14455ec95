#include "cloud_output.h"

#include "cli/output/json_output.h"
#include "home/access/ssh_config.h"

#include <string.h>

static json_t *key_list(const char *lines) {
    json_t *list = json_array();
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        json_array_append_new(list, json_stringn(lines, length));
        lines += length + (lines[length] == '\n');
    }
    return list;
}

static json_t *user_list(const struct store_users *users) {
    json_t *list = json_array();
    for (size_t i = 0; i < users->count; i++) {
        json_t *user = json_object();
        json_object_set_new(user, "name", json_output_text(users->items[i].name));
        json_object_set_new(user, "ssh_public_keys", key_list(users->items[i].ssh_public_keys));
        json_array_append_new(list, user);
    }
    return list;
}

/* The hash is not printed: everyone who has it can try passwords offline. */
json_t *cloud_output_object(const struct home *home, const struct store_cloud *cloud,
                            const struct store_users *users, const struct store_network *lab) {
    json_t *object = json_object();
    json_output_schema(object);
    json_object_set_new(object, "name", json_output_text(cloud->name));
    json_object_set_new(object, "home", json_output_text(home->path));
    json_object_set_new(object, "created", json_output_time(cloud->created_ms));
    json_object_set_new(object, "admin_password", json_boolean(cloud->admin_password_hash));
    json_object_set_new(object, "ssh_public_keys", key_list(cloud->ssh_public_key));
    json_object_set_new(object, "ssh_public_key_path",
                        json_output_text(cloud->ssh_public_key_path));
    json_object_set_new(object, "ssh_private_key_path",
                        json_output_text(cloud->ssh_private_key_path));
    json_object_set_new(object, "ssh_user", json_output_text(ssh_config_user(cloud)));
    json_object_set_new(object, "users", user_list(users));
    json_object_set_new(object, "network", json_output_text(cloud->network));
    json_object_set_new(object, "host_if", json_output_text(cloud->interface));
    json_object_set_new(object, "host_ip4", json_output_text(cloud->host_ip4));
    json_object_set_new(object, "host_nm4", json_output_text(cloud->host_nm4));
    json_object_set_new(object, "host_gw4", json_output_text(cloud->host_gw4));
    json_object_set_new(object, "host_ns4", json_output_text(cloud->host_ns4));
    json_object_set_new(object, "lab", json_output_text(lab->name));
    json_object_set_new(object, "ph_port", json_integer(cloud->phone_home_port));
    json_object_set_new(object, "ph_port_auto", json_boolean(cloud->phone_home_auto));
    json_object_set_new(object, "package_upgrade", json_boolean(cloud->package_upgrade));
    json_object_set_new(object, "auto_up", json_boolean(cloud->auto_up));
    json_object_set_new(object, "trash_days", json_integer((json_int_t)cloud->trash_days));
    json_object_set_new(object, "dns_server", json_output_text(cloud->dns_server));
    json_object_set_new(object, "dns_zone", json_output_text(cloud->dns_zone));
    json_object_set_new(object, "dns_key", json_output_text(cloud->dns_key_path));
    return object;
}
