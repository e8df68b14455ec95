#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/reachable.h"
#include "cli/link/vm_status.h"
#include "cli/output/json_output.h"
#include "home/access/ansible.h"
#include "home/access/endpoint.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/access/known_hosts.h"
#include "home/access/ssh_identity.h"
#include "machine/core/vm_script.h"
#include "store/cloud_table.h"
#include "store/guest_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "list", .help = "print all groups and hosts"},
    {.name = "host", .value = "NAME", .help = "print the variables of one host"},
    OPTIONS_END,
};

struct inventory {
    struct home *home;
    struct store_cloud cloud;
    struct vm_status vms;
    json_t *groups; /* name -> {"hosts": [...]} */
};

static void set_text(json_t *object, const char *key, const char *text) {
    if (text && text[0])
        json_object_set_new(object, key, json_output_text(text));
}

/* Without this file ssh has no keys to check against, and refuses. */
static void write_known_hosts(struct home *home, const struct store_instance *instance,
                              const struct endpoint *endpoint) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *path = alloc_printf("%s/known_hosts", folder);
    if (file_exists(path))
        return;
    scoped(alloc_release) char *keys = known_hosts_keys(home, instance, NULL);
    if (keys && *keys)
        known_hosts_write(home, instance, endpoint, keys, NULL);
}

/* Without an ansible_host Ansible would take the instance's name for one of the DNS, and the
 * address may be somebody else's now. No connection plugin finds this name (RFC 6761, 6.4); ssh
 * says why, without looking for it. */
static void set_unreachable(json_t *object, const char *name, const char *state, const char *why) {
    scoped(alloc_release) char *host = alloc_printf("%s.%s.invalid", name, state);
    scoped(buffer_done) struct buffer command = {0}, arguments = {0};
    /* It ends when ssh has said something: ssh would end it before it has. */
    buffer_puts(&command, "ProxyCommand=sh -c 'echo \"$0\" >&2; read line' ");
    scoped(buffer_done) struct buffer quoted = {0};
    vm_script_quote(why, &quoted);
    for (const char *each = quoted.data; *each; each++)
        buffer_printf(&command, *each == '%' ? "%%%%" : "%c", *each);
    /* With a path of control it hides what the command says. */
    buffer_puts(&arguments, "-F /dev/null -o ControlPath=none -o ");
    vm_script_quote(command.data, &arguments);
    set_text(object, "ansible_host", host);
    set_text(object, "ansible_ssh_common_args", arguments.data);
}

/* Host keys are checked even if the user's ansible.cfg disables this. */
static void set_reachable(struct inventory *inventory, const struct store_instance *instance,
                          json_t *object) {
    struct endpoint endpoint = {0};
    endpoint_find(inventory->home, instance, &endpoint, NULL);
    write_known_hosts(inventory->home, instance, &endpoint);
    scoped(alloc_release) char *arguments =
        ansible_ssh_arguments(inventory->home, &inventory->cloud, instance, NULL);
    set_text(object, "ansible_host", endpoint.address);
    json_object_set_new(object, "ansible_port", json_integer(endpoint.port));
    set_text(object, "ansible_ssh_common_args", arguments);
}

static void add_own(json_t *object, const struct store_instance *instance) {
    scoped(strv_done) struct strv pairs = {0};
    host_variables_list(instance->variables, &pairs);
    for (size_t i = 0; i + 1 < pairs.count; i += 2) {
        scoped(alloc_release) char *value = host_variables_json(pairs.items[i + 1]);
        json_object_set_new(object, pairs.items[i], json_loads(value, JSON_DECODE_ANY, NULL));
    }
}

static json_t *variables(struct inventory *inventory, const struct store_instance *instance,
                         const struct vm_now *now) {
    struct error error = {0};
    json_t *object = json_object();
    scoped(alloc_release) char *key = ssh_identity_file(&inventory->cloud);
    scoped(alloc_release) char *folder = home_instance_folder(inventory->home, instance->name);
    if (reachable_now(instance, now, &error))
        set_reachable(inventory, instance, object);
    else
        set_unreachable(object, instance->name, now->state, error.text);
    set_text(object, "ansible_user", "ansible");
    json_object_set_new(object, "ansible_become", json_true());
    set_text(object, "ansible_ssh_private_key_file", key);
    json_object_set_new(object, "ansible_ssh_host_key_checking", json_true());
    set_text(object, "pgsup_state", now->state);
    set_text(object, "pgsup_image", instance->image);
    set_text(object, "pgsup_arch", instance->arch);
    set_text(object, "pgsup_folder", folder);
    add_own(object, instance);
    return object;
}

static void join_named(struct inventory *inventory, const char *name, const char *host) {
    json_t *group = json_object_get(inventory->groups, name);
    if (!group) {
        group = json_object();
        json_object_set_new(group, "hosts", json_array());
        json_object_set_new(inventory->groups, name, group);
    }
    json_array_append_new(json_object_get(group, "hosts"), json_string(host));
}

/* Names of groups are words to Ansible: "image", "debian-12" -> "image_debian_12". No name of a
 * host has an underscore, so none is a group's. */
static void join_group(struct inventory *inventory, const char *kind, const char *value,
                       const char *host) {
    scoped(alloc_release) char *name = alloc_printf("%s_%s", kind, value);
    for (char *letter = name; *letter; letter++)
        if (!isalnum((unsigned char)*letter))
            *letter = '_';
    join_named(inventory, name, host);
}

/* By their own names, as playbooks from elsewhere have them, and by names that no host can have. */
static void join_own(struct inventory *inventory, const struct store_instance *instance) {
    scoped(strv_done) struct strv names = {0};
    host_groups_list(instance->groups, &names);
    for (size_t i = 0; i < names.count; i++) {
        join_named(inventory, names.items[i], instance->name);
        join_group(inventory, "group", names.items[i], instance->name);
    }
}

static json_t *describe(struct inventory *inventory, const struct store_instance *instance) {
    struct vm_now now;
    vm_status_get(&inventory->vms, instance, &now);
    json_t *object = variables(inventory, instance, &now);
    join_group(inventory, "image", instance->image, instance->name);
    join_group(inventory, "network", inventory->cloud.network, instance->name);
    join_group(inventory, "state", now.state, instance->name);
    join_own(inventory, instance);
    return object;
}

static json_t *describe_all(struct inventory *inventory, struct error *error) {
    struct store_instances instances = {0};
    if (!instance_table_list(inventory->home->store, &instances, error))
        return NULL;
    json_t *hosts = json_object(), *meta = json_object();
    for (size_t i = 0; i < instances.count; i++) {
        struct error problem = {0};
        if (name_check_instance(instances.items[i].name, &problem))
            json_object_set_new(hosts, instances.items[i].name,
                                describe(inventory, &instances.items[i]));
        else
            invocation_warn("left out: %s", problem.text);
    }
    store_instances_done(&instances);
    json_object_set_new(meta, "hostvars", hosts);
    json_object_set_new(inventory->groups, "_meta", meta);
    return json_incref(inventory->groups);
}

static json_t *describe_one(struct inventory *inventory, const char *name, struct error *error) {
    struct store_instance instance = {0};
    if (!instance_table_get(inventory->home->store, name, &instance, error))
        return NULL;
    json_t *object = describe(inventory, &instance);
    store_instance_done(&instance);
    return object;
}

static int run_inventory(struct invocation *invocation, struct error *error) {
    struct inventory inventory = {.home = invocation->home};
    const char *host = invocation_option(invocation, "host");
    json_t *document = NULL;
    if (invocation_flag(invocation, "list") == (host != NULL)) {
        error_set(error, ERROR_USAGE, "use either --list or --host NAME");
        return EXIT_FAILURE;
    }
    inventory.groups = json_object();
    if (cloud_table_get(invocation->home->store, &inventory.cloud, error) &&
        vm_status_open(invocation->home, &(struct vm_status_scope){.only = host}, &inventory.vms,
                       error)) {
        document = host ? describe_one(&inventory, host, error) : describe_all(&inventory, error);
        vm_status_close(&inventory.vms);
    }
    if (document)
        json_output_print(document);
    json_decref(inventory.groups);
    store_cloud_done(&inventory.cloud);
    return EXIT_SUCCESS;
}

const struct command cmd_inventory = {
    .path = "inventory",
    .summary = "Print all instances as a dynamic inventory for Ansible",
    .details =
        "Ansible runs it through a program without sub-commands:\n"
        "\n"
        "  ansible -i \"$(command -v pgsup-inventory)\" state_ready -m ping\n"
        "\n"
        "Groups are image_NAME, network_KIND and state_STATE; \"_\" replaces every "
        "character that is neither a letter nor a digit: image_debian_12, "
        "state_ready. Those of `instance create --group web` are there as web and as group_web, "
        "and what `--var` set as variables of the host. An instance whose VM does not run is unreachable, with the reason. SSH "
        "host keys are checked as by `pgsup ssh`. For a home other than the default, set "
        "PGSUP_HOME; pgsup-inventory takes -p PATH too.",
    .options = options,
    .section = SECTION_REACH,
    .needs = NEEDS_HOME,
    .for_programs = true,
    .run = run_inventory,
};
