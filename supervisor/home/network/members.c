#include "home/network/members.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/cloud/subnet.h"
#include "machine/core/spec.h"
#include "store/claim.h"
#include "store/network_table.h"

#include <stdlib.h>
#include <string.h>

static void take_member(struct store_nics *to, struct store_nic *nic) {
    to->items = alloc_resize(to->items, (to->count + 1) * sizeof *to->items);
    to->items[to->count++] = *nic;
    *nic = (struct store_nic){0};
}

bool members_list(struct store *store, int64_t network, struct store_nics *members,
                  struct error *error) {
    struct store_nics all = {0};
    bool good = nic_table_list(store, 0, &all, error);
    for (size_t i = 0; good && i < all.count; i++)
        if (all.items[i].network == network)
            take_member(members, &all.items[i]);
    store_nics_done(&all);
    return good;
}

/* --- addresses --- */

static struct subnet subnet_of(const struct store_network *network) {
    struct subnet subnet = {0};
    subnet_of_address(network->subnet, &subnet);
    return subnet;
}

static const struct store_nic *find_owner(const struct store_nics *members, uint32_t address) {
    char text[16];
    name_format_ip4(address, text);
    size_t length = strlen(text);
    for (size_t i = 0; i < members->count; i++) {
        const char *ip4 = members->items[i].ip4;
        if (ip4 && strncmp(ip4, text, length) == 0 && ip4[length] == '/')
            return &members->items[i];
    }
    return NULL;
}

static bool is_claimed(const struct store *store, const struct store_network *network,
                       uint32_t address) {
    char text[16];
    name_format_ip4(address, text);
    return claim_has_address(store, network->name, text);
}

static bool choose_address(const struct store *store, const struct store_network *network,
                           const struct store_nics *members, uint32_t *address,
                           struct error *error) {
    struct subnet subnet = subnet_of(network);
    uint32_t last = (subnet.network | ~subnet.mask) - 1;
    for (*address = subnet.network + 2; *address <= last; ++*address)
        if (!find_owner(members, *address) && !is_claimed(store, network, *address))
            return true;
    return error_set(error, ERROR_EXISTS,
                     "the network \"%s\" has no free address in %s, with %zu card%s in it: use "
                     "another network with a larger subnet",
                     network->name, network->subnet, members->count, name_plural(members->count));
}

static bool check_wanted(const struct store_network *network, const struct store_nics *members,
                         const char *text, uint32_t *address, struct error *error) {
    struct subnet subnet = subnet_of(network);
    if (!name_parse_ip4(text, address) || !subnet_check_member(&subnet, "ip=", text, error))
        return false;
    if (*address == subnet.network + 1)
        return error_set(error, ERROR_INVALID,
                         "ip= %s is the first address of \"%s\", which is kept for this host: use "
                         "another one",
                         text, network->name);
    const struct store_nic *owner = find_owner(members, *address);
    return !owner || error_set(error, ERROR_EXISTS,
                               "the address %s in \"%s\" belongs to the instance \"%s\": use "
                               "another one",
                               text, network->name, owner->name);
}

static bool give_address(struct store *store, const struct store_network *network, char **ip4,
                         struct error *error) {
    struct store_nics members = {0};
    uint32_t address = 0;
    bool good = members_list(store, network->id, &members, error);
    if (good && *ip4) {
        scoped(alloc_release) char *wanted = alloc_string(*ip4);
        wanted[strcspn(wanted, "/")] = 0;
        good = check_wanted(network, &members, wanted, &address, error);
    } else if (good) {
        good = choose_address(store, network, &members, &address, error);
    }
    store_nics_done(&members);
    if (!good)
        return false;
    char text[16];
    name_format_ip4(address, text);
    alloc_replace(ip4, alloc_printf("%s/%u", text, subnet_of(network).prefix_length));
    return true;
}

/* --- the two of a pair --- */

static bool is_pair(const struct store_network *network) {
    return strcmp(network->kind, spec_network_word(SPEC_NET_PAIR)) == 0;
}

static bool is_free(const struct store_nics *members, const char *interface) {
    for (size_t i = 0; i < members->count; i++)
        if (strcmp(members->items[i].interface, interface) == 0)
            return false;
    return true;
}

char *members_pair_other(const char *interface) {
    char *other = alloc_string(interface);
    size_t length = strlen(other);
    if (length)
        other[length - 1] = other[length - 1] == '0' ? '1' : '0';
    return other;
}

/* Between two cards of one guest there would be nothing. */
static bool check_not_in(const struct store_network *network, const struct store_nics *members,
                         int64_t instance, struct error *error) {
    for (size_t i = 0; i < members->count; i++)
        if (members->items[i].instance == instance)
            return error_set(error, ERROR_INVALID,
                             "the instance \"%s\" has a card in the network \"%s\" already, which "
                             "is a pair and connects two instances: use another network for this "
                             "card",
                             members->items[i].name, network->name);
    return true;
}

/* Keeps *interface if that is free. */
static bool choose_side(const struct store_network *network, const struct store_nics *members,
                        char **interface, struct error *error) {
    scoped(alloc_release) char *first = alloc_printf("%s.0", network->interface);
    scoped(alloc_release) char *second = members_pair_other(first);
    const char *sides[] = {strcmp(*interface, second) == 0 ? second : first, first, second};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        if (is_free(members, sides[i])) {
            alloc_replace(interface, alloc_string(sides[i]));
            return true;
        }
    return error_set(error, ERROR_INVALID,
                     "the network \"%s\" is a pair, which connects two, and \"%s\" and \"%s\" are "
                     "in it: remove one of the two cards by `pgsup nic remove`, or use a network "
                     "of --kind multicast or bridge",
                     network->name, members->items[0].name, members->items[1].name);
}

static bool give_side(struct store *store, const struct store_network *network,
                      struct store_nic *nic, struct error *error) {
    struct store_nics members = {0};
    bool good = !is_pair(network) || (members_list(store, network->id, &members, error) &&
                                      check_not_in(network, &members, nic->instance, error) &&
                                      choose_side(network, &members, &nic->interface, error));
    store_nics_done(&members);
    return good;
}

bool members_give_place(struct store *store, struct store_nic *nic, struct error *error) {
    struct store_network row = {0};
    bool good = network_table_get(store, nic->network_name, &row, error) &&
                give_side(store, &row, nic, error) && give_address(store, &row, &nic->ip4, error);
    store_network_done(&row);
    return good;
}

bool members_has_room(struct store *store, const struct store_network *network, bool *has_room,
                      struct error *error) {
    struct store_nics members = {0};
    uint32_t address;
    bool good = members_list(store, network->id, &members, error);
    *has_room = good && (!is_pair(network) || members.count < 2) &&
                choose_address(store, network, &members, &address, &(struct error){0});
    store_nics_done(&members);
    return good;
}

/* --- names --- */

struct names {
    struct store_cloud cloud;
    struct store_networks networks;
    struct store_nics cards;
    struct store_nics in_cloud; /* those that share the network of the cloud */
};

static void names_done(struct names *names) {
    store_cloud_done(&names->cloud);
    store_networks_done(&names->networks);
    store_nics_done(&names->cards);
    store_nics_done(&names->in_cloud);
}

/* With user networking each guest is alone in the network of the cloud. */
static bool names_load(struct store *store, struct names *names, struct error *error) {
    return cloud_table_get(store, &names->cloud, error) &&
           network_table_list(store, &names->networks, error) &&
           nic_table_list(store, 0, &names->cards, error) &&
           (subnet_is_user(&names->cloud) ||
            network_table_cloud_members(store, &names->in_cloud, error));
}

static bool is_in(const struct store_nics *cards, int64_t instance, int64_t network) {
    for (size_t i = 0; i < cards->count; i++)
        if (cards->items[i].instance == instance && cards->items[i].network == network)
            return true;
    return false;
}

/* In a network of the home. */
static bool are_together(const struct store_nics *cards, int64_t one, int64_t other) {
    for (size_t i = 0; i < cards->count; i++)
        if (cards->items[i].instance == one && cards->items[i].network &&
            is_in(cards, other, cards->items[i].network))
            return true;
    return false;
}

static const char *domain_of(const struct store_networks *networks, int64_t id) {
    for (size_t i = 0; i < networks->count; i++)
        if (networks->items[i].id == id)
            return networks->items[i].domain;
    return NULL;
}

static void put_network_names(const struct names *names, int64_t instance, struct buffer *lines) {
    for (size_t i = 0; i < names->cards.count; i++) {
        const struct store_nic *each = &names->cards.items[i];
        const char *domain = domain_of(&names->networks, each->network);
        if (domain && is_in(&names->cards, instance, each->network))
            buffer_printf(lines, "%.*s %s.%s %s\n", (int)strcspn(each->ip4, "/"), each->ip4,
                          each->name, domain, each->name);
    }
}

/* NAME alone is the one in the network of the home, where there are both: one name, one address. */
static void put_cloud_names(const struct names *names, int64_t instance, struct buffer *lines) {
    const struct store_cloud *cloud = &names->cloud;
    scoped(alloc_release) char *domain =
        cloud->dns_zone ? alloc_string(cloud->dns_zone) : alloc_printf("%s.internal", cloud->name);
    for (size_t i = 0; i < names->in_cloud.count; i++) {
        const struct store_nic *each = &names->in_cloud.items[i];
        uint32_t address;
        bool together = are_together(&names->cards, instance, each->instance);
        if (name_parse_ip4(each->ip4, &address))
            buffer_printf(lines, "%s %s.%s%s%s\n", each->ip4, each->name, domain,
                          together ? "" : " ", together ? "" : each->name);
    }
}

bool members_hosts(struct store *store, int64_t instance, struct buffer *lines,
                   struct error *error) {
    struct names names = {0};
    bool good = names_load(store, &names, error);
    if (good) {
        put_network_names(&names, instance, lines);
        put_cloud_names(&names, instance, lines);
    }
    names_done(&names);
    return good;
}
