#include "home/instance/nic_reserve.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/cloud/subnet.h"
#include "home/network/members.h"
#include "host/network.h"
#include "machine/core/spec.h"

#include <string.h>

#define MAC_TAIL        (sizeof "52:54:00" - 1) /* what follows is the instance's own */
#define VMNET_CARDS_MAX 4

static bool same(const char *one, const char *other) {
    return one && other && strcmp(one, other) == 0;
}

static bool check_others(const struct store_nics *others, const struct store_nic *nic,
                         struct error *error) {
    for (size_t i = 0; i < others->count; i++) {
        const struct store_nic *each = &others->items[i];
        if (same(each->mac, nic->mac))
            return error_set(
                error, ERROR_EXISTS,
                "the MAC address %s belongs to a card of the instance \"%s\": use another one",
                nic->mac, each->name);
        if (same(each->ip4, nic->ip4) && same(each->kind, nic->kind) &&
            same(each->interface, nic->interface))
            return error_set(
                error, ERROR_EXISTS,
                "the address %s belongs to a card of the instance \"%s\": use another one",
                nic->ip4, each->name);
    }
    return true;
}

static bool check_first_cards(const struct store_instances *instances, const struct store_nic *nic,
                              struct error *error) {
    for (size_t i = 0; i < instances->count; i++)
        if (same(instances->items[i].mac, nic->mac))
            return error_set(error, ERROR_EXISTS,
                             "the MAC address %s belongs to the instance \"%s\": use another one",
                             nic->mac, instances->items[i].name);
    return true;
}

static bool check_other(const struct store_nic *nic, const char *taken, const char *whose,
                        struct error *error) {
    size_t length = strcspn(nic->ip4, "/");
    if (!taken || strlen(taken) != length || strncmp(taken, nic->ip4, length) != 0)
        return true;
    return error_set(error, ERROR_EXISTS, "the address %s belongs to the %s: use another one",
                     taken, whose);
}

static bool is_on_cloud(const struct store_cloud *cloud, const struct store_nic *nic) {
    return nic->ip4 && same(cloud->network, nic->kind) && same(cloud->interface, nic->interface);
}

/* What is taken when the card is put on the network of the cloud. */
static bool check_cloud(const struct store_cloud *cloud, const struct store_instances *instances,
                        const struct store_nic *nic, struct error *error) {
    if (!is_on_cloud(cloud, nic))
        return true;
    for (size_t i = 0; i < instances->count; i++) {
        scoped(alloc_release) char *whose =
            alloc_printf("instance \"%s\"", instances->items[i].name);
        if (!check_other(nic, instances->items[i].ip4, whose, error))
            return false;
    }
    return check_other(nic, subnet_host_address(cloud), "host", error) &&
           check_other(nic, subnet_gateway(cloud), "gateway", error) &&
           check_other(nic, subnet_nameserver(cloud), "nameserver", error);
}

/* --- the cards of one guest: it routes by their subnets --- */

static bool is_user_nic(const struct store_nic *nic) {
    return strcmp(nic->kind, spec_network_word(SPEC_NET_USER)) == 0;
}

/* With prefix_length 0 if it is not known: DHCP tells the guest. */
static struct subnet subnet_of_nic(const struct store_nic *nic) {
    struct subnet subnet = {0};
    scoped(alloc_release) char *of_user = spec_nic_user_network((unsigned)nic->position);
    if (nic->ip4 || is_user_nic(nic))
        subnet_of_address(nic->ip4 ? nic->ip4 : of_user, &subnet);
    return subnet;
}

static bool same_network(const char *kind, const char *interface, const struct store_nic *nic) {
    return !is_user_nic(nic) && same(kind, nic->kind) &&
           (interface == nic->interface || same(interface, nic->interface));
}

struct other_card {
    struct subnet subnet;
    bool together; /* in one network: they may share its subnet */
    int position;
};

static bool check_apart(const struct store_nic *nic, const struct other_card *other,
                        struct error *error) {
    struct subnet own = subnet_of_nic(nic);
    char network[16];
    bool shared = other->together && own.mask == other->subnet.mask;
    if (!own.prefix_length || !other->subnet.prefix_length || shared ||
        !subnet_overlaps(&own, &other->subnet))
        return true;
    name_format_ip4(other->subnet.network, network);
    return error_set(error, ERROR_INVALID,
                     "the subnet of the card %s overlaps with %s/%u, that of network card %d: the "
                     "guest could not tell where an address is; use another one",
                     nic->ip4 ? nic->ip4 : nic->kind, network, other->subnet.prefix_length,
                     other->position);
}

static bool check_first_subnet(const struct store_cloud *cloud, const struct store_nic *nic,
                               struct error *error) {
    struct other_card first = {.together = same_network(cloud->network, cloud->interface, nic)};
    return !subnet_of_cloud(cloud, &first.subnet) || check_apart(nic, &first, error);
}

static bool check_own_cards(const struct store_nics *cards, const struct store_nic *nic,
                            struct error *error) {
    for (size_t i = 0; i < cards->count; i++) {
        const struct store_nic *each = &cards->items[i];
        size_t length = nic->ip4 ? strcspn(nic->ip4, "/") : 0;
        struct other_card other = {subnet_of_nic(each),
                                   same_network(each->kind, each->interface, nic), each->position};
        if (each->instance != nic->instance || each->position == nic->position)
            continue;
        if (length && each->ip4 && strcspn(each->ip4, "/") == length &&
            strncmp(nic->ip4, each->ip4, length) == 0)
            return error_set(error, ERROR_EXISTS,
                             "the address %s belongs to network card %d of the same instance: use "
                             "another one",
                             nic->ip4, each->position);
        if (!check_apart(nic, &other, error))
            return false;
    }
    return true;
}

static bool check_own_first(const struct store_instances *instances, const struct store_nic *nic,
                            struct error *error) {
    for (size_t i = 0; nic->ip4 && i < instances->count; i++)
        if (instances->items[i].id == nic->instance &&
            !check_other(nic, instances->items[i].ip4, "first card of the same instance", error))
            return false;
    return true;
}

/* One that is the cloud's own was chosen before. */
static bool check_loopback(const struct store_cloud *cloud, const struct store_nic *nic,
                           struct error *error) {
    return same(cloud->interface, nic->interface) ||
           network_check_not_loopback("if=", nic->interface, error);
}

bool nic_reserve_check_first(struct store *store, const struct store_cloud *cloud, const char *ip4,
                             struct error *error) {
    struct store_nics nics = {0};
    bool good = nic_table_list(store, 0, &nics, error);
    for (size_t i = 0; good && i < nics.count; i++) {
        const struct store_nic *nic = &nics.items[i];
        scoped(alloc_release) char *whose =
            alloc_printf("network card %d of the instance \"%s\"", nic->position, nic->name);
        good = !is_on_cloud(cloud, nic) || check_other(nic, ip4, whose, error) ||
               error_about(error, "ip");
    }
    store_nics_done(&nics);
    return good;
}

static enum spec_vmnet vmnet_of(const struct store_nic *nic) {
    enum spec_network kind;
    return spec_network_from_word(nic->kind, &kind) ? spec_network_vmnet(kind, nic->interface)
                                                    : SPEC_VMNET_NONE;
}

/* The third byte of a first card's is 0, so these are nobody else's. */
static char *make_mac(const struct store_instance *instance, int position) {
    return alloc_printf("52:54:%02x%s", (unsigned)position, instance->mac + MAC_TAIL);
}

/* developer.apple.com/documentation/vmnet: four for a guest. A shared and a host network at the
 * same time are refused by vmnet now and then (nirs/vmnet-helper, docs/integration.md). */
static bool check_vmnet(const struct store_cloud *cloud, const struct store_nics *all,
                        const struct store_nic *nic, struct error *error) {
    const struct store_nic first = {.kind = cloud->network, .interface = cloud->interface};
    unsigned counts[SPEC_VMNET_HOST + 1] = {0};
    counts[vmnet_of(&first)]++;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].instance == nic->instance)
            counts[vmnet_of(&all->items[i])]++;
    enum spec_vmnet own = vmnet_of(nic);
    unsigned sum = counts[SPEC_VMNET_BRIDGED] + counts[SPEC_VMNET_SHARED] + counts[SPEC_VMNET_HOST];
    if (own != SPEC_VMNET_NONE && sum >= VMNET_CARDS_MAX)
        return error_set(error, ERROR_INVALID,
                         "macOS gives one guest at most %d cards of vmnet, and \"%s\" has them: "
                         "use socket or user for this one",
                         VMNET_CARDS_MAX, nic->name);
    if ((own == SPEC_VMNET_SHARED && counts[SPEC_VMNET_HOST]) ||
        (own == SPEC_VMNET_HOST && counts[SPEC_VMNET_SHARED]))
        return error_set(error, ERROR_INVALID,
                         "macOS's vmnet does not start a shared and a host network for the same "
                         "guest reliably: use one of the two for all cards of \"%s\", or socket",
                         nic->name);
    return true;
}

/* Whom a new card must not be taken for. */
struct rivals {
    struct store_cloud cloud;
    struct store_instances instances;
    struct store_nics nics;
};

static void rivals_done(struct rivals *rivals) {
    store_cloud_done(&rivals->cloud);
    store_instances_done(&rivals->instances);
    store_nics_done(&rivals->nics);
}

static bool rivals_load(struct store *store, struct rivals *rivals, struct error *error) {
    return cloud_table_get(store, &rivals->cloud, error) &&
           instance_table_list(store, &rivals->instances, error) &&
           nic_table_list(store, 0, &rivals->nics, error);
}

static void give_to(const struct store_instance *instance, int position, struct store_nic *nic) {
    nic->instance = instance->id;
    nic->position = position;
    alloc_replace(&nic->name, alloc_string(instance->name));
    if (!nic->mac)
        nic->mac = make_mac(instance, position);
}

static bool add_row(struct store *store, const struct rivals *rivals, struct store_nic *nic,
                    struct error *error) {
    if (nic->network && !members_give_place(store, nic, error))
        return false;
    return check_vmnet(&rivals->cloud, &rivals->nics, nic, error) &&
           check_others(&rivals->nics, nic, error) &&
           check_first_cards(&rivals->instances, nic, error) &&
           check_cloud(&rivals->cloud, &rivals->instances, nic, error) &&
           check_own_first(&rivals->instances, nic, error) &&
           check_own_cards(&rivals->nics, nic, error) &&
           check_first_subnet(&rivals->cloud, nic, error) &&
           check_loopback(&rivals->cloud, nic, error) && nic_table_add(store, nic, error);
}

bool nic_reserve(struct store *store, const struct store_instance *instance, int position,
                 struct store_nic *nic, struct error *error) {
    scoped(rivals_done) struct rivals rivals = {0};
    give_to(instance, position, nic);
    return rivals_load(store, &rivals, error) && add_row(store, &rivals, nic, error);
}

static int by_address_said(const struct store_nic *one, const struct store_nic *other) {
    return !one->ip4 - !other->ip4;
}

static int by_position(const struct store_nic *one, const struct store_nic *other) {
    return one->position - other->position;
}

/* Those that are alike stay in their order. */
static void sort_nics(struct store_nics *nics,
                      int (*compare)(const struct store_nic *, const struct store_nic *)) {
    for (size_t end = 1; end < nics->count; end++)
        for (size_t i = end; i > 0 && compare(&nics->items[i - 1], &nics->items[i]) > 0; i--) {
            struct store_nic moved = nics->items[i];
            nics->items[i] = nics->items[i - 1];
            nics->items[i - 1] = moved;
        }
}

/* earlier: of the same instance, since the rivals were loaded. */
static bool reserve_among(struct store *store, const struct rivals *rivals,
                          const struct store_nics *earlier, struct store_nic *nic,
                          struct error *error) {
    return check_vmnet(&rivals->cloud, earlier, nic, error) && check_others(earlier, nic, error) &&
           check_own_cards(earlier, nic, error) && add_row(store, rivals, nic, error);
}

/* Cards that say their address come first: another one would get the lowest that is free. */
bool nic_reserve_all(struct store *store, const struct store_instance *instance,
                     struct store_nics *nics, struct error *error) {
    scoped(rivals_done) struct rivals rivals = {0};
    bool good = !nics->count || rivals_load(store, &rivals, error);
    for (size_t i = 0; i < nics->count; i++)
        give_to(instance, nics->items[i].position > (int)i ? nics->items[i].position : (int)i + 1,
                &nics->items[i]);
    sort_nics(nics, by_address_said);
    for (size_t i = 0; good && i < nics->count; i++) {
        const struct store_nics earlier = {nics->items, i};
        good = reserve_among(store, &rivals, &earlier, &nics->items[i], error);
    }
    sort_nics(nics, by_position);
    return good;
}
