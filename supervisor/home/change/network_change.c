#include "home/change/network_change.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/cloud/subnet.h"
#include "home/instance/definition.h"
#include "home/instance/port_owners.h"
#include "home/instance/regenerate.h"
#include "home/network/home_network.h"
#include "store/forward_table.h"
#include "store/instance_table.h"

#include <string.h>

struct following {
    struct home *home;
    const struct store_cloud *cloud;
    struct network_change *change;
    struct buffer addresses, forwards, seeds; /* of the instances in the way */
};

static void name_instance(struct buffer *names, const struct store_instance *instance,
                          const char *what) {
    buffer_printf(names, "%s\"%s\"", names->length ? ", " : "", instance->name);
    if (what)
        buffer_printf(names, " (%s)", what);
}

static bool takes(const struct following *following, const struct store_instance *instance,
                  uint32_t ip4, char text[16]) {
    struct error none = {0};
    struct store_instance moved = *instance;
    name_format_ip4(ip4, text);
    moved.ip4 = text;
    return subnet_check_guest(following->cloud, text, &none) &&
           definition_check_address(following->home->store, following->cloud, &moved, &none);
}

/* The same number in the new network if that is free, else the first one that is. False: there is
 * none. */
static bool find_address(const struct following *following, const struct store_instance *instance,
                         char text[16]) {
    struct subnet subnet;
    uint32_t before = 0;
    if (!subnet_of_cloud(following->cloud, &subnet))
        return false;
    name_parse_ip4(instance->ip4, &before);
    if (takes(following, instance, subnet.network | (before & ~subnet.mask), text))
        return true;
    uint32_t last = subnet.network | ~subnet.mask;
    for (uint32_t each = subnet.network + 1; each < last && each < subnet.network + UINT16_MAX;
         each++)
        if (takes(following, instance, each, text))
            return true;
    return false;
}

static void move_address(struct following *following, struct store_instance *instance) {
    struct error none = {0};
    char text[16];
    if (!instance->ip4 || subnet_check_guest(following->cloud, instance->ip4, &none))
        return;
    if (!following->change->renumber || !find_address(following, instance, text)) {
        name_instance(&following->addresses, instance, instance->ip4);
        return;
    }
    buffer_printf(&following->change->report, "%s: %s instead of %s\n", instance->name, text,
                  instance->ip4);
    alloc_replace(&instance->ip4, alloc_string(text));
}

/* Only with user networking ports are forwarded. */
static bool move_ports(struct following *following, struct store_instance *instance,
                       struct error *error) {
    struct store_forwards forwards = {0};
    struct port_owners others = {0};
    if (subnet_is_user(following->cloud)) {
        if (instance->ssh_port)
            return true;
        bool good = port_owners_list(following->home->store, &others, error);
        instance->ssh_port = good ? port_owners_choose(0, &others, error) : 0;
        port_owners_done(&others);
        return instance->ssh_port != 0;
    }
    instance->ssh_port = 0;
    instance->ssh_port_given = false;
    if (!forward_table_list(following->home->store, instance->id, &forwards, error))
        return false;
    if (forwards.count)
        name_instance(&following->forwards, instance, NULL);
    store_forwards_done(&forwards);
    return true;
}

static bool move_one(struct following *following, struct store_instance *instance,
                     struct error *error) {
    move_address(following, instance);
    if (instance->seed != STORE_SEED_DRIVE && !subnet_host_address(following->cloud))
        name_instance(&following->seeds, instance, NULL);
    return move_ports(following, instance, error) &&
           instance_table_update(following->home->store, instance, error);
}

static bool check_none(const struct following *following, struct error *error) {
    const struct buffer *addresses = &following->addresses;
    if (following->forwards.length)
        return error_set(
            error, ERROR_WRONG_STATE,
            "ports are forwarded to %s, which only the network user does: `pgsup forward "
            "remove` first",
            following->forwards.data);
    if (following->seeds.length)
        return error_set(
            error, ERROR_WRONG_STATE,
            "%s get their seed over HTTP, for which --host-ip4 and --host-nm4 are needed",
            following->seeds.data);
    return !addresses->length ||
           error_set(error, ERROR_WRONG_STATE, "%s would be outside of the network: %s",
                     addresses->data,
                     following->change->renumber ? "it has no free addresses for them"
                                                 : "--renumber gives them other addresses");
}

bool network_change_follow(struct home *home, const struct store_cloud *cloud, void *context,
                           struct error *error) {
    struct following following = {.home = home, .cloud = cloud, .change = context};
    struct store_instances instances = {0};
    bool good = home_network_check_cloud(home->store, cloud, error) &&
                instance_table_list(home->store, &instances, error);
    for (size_t i = 0; good && i < instances.count; i++)
        good = move_one(&following, &instances.items[i], error);
    good = good && check_none(&following, error);
    store_instances_done(&instances);
    buffer_done(&following.addresses);
    buffer_done(&following.forwards);
    buffer_done(&following.seeds);
    return good;
}

bool network_change_regenerate(struct home *home, struct buffer *notices, struct error *error) {
    struct store_instances instances = {0};
    bool good = instance_table_list(home->store, &instances, error);
    for (size_t i = 0; good && i < instances.count; i++) {
        char *notice = NULL;
        good = instance_regenerate_now(home, instances.items[i].name, &notice, error);
        if (notice)
            buffer_printf(notices, "%s%s", notices->length ? "\n" : "", notice);
        alloc_release(&notice);
    }
    store_instances_done(&instances);
    return good;
}
