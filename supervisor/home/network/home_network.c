#include "home/network/home_network.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/cloud/subnet.h"
#include "home/network/members.h"
#include "host/network.h"
#include "host/routes.h"
#include "store/claim.h"
#include "store/cloud_table.h"
#include "store/transaction.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SUBNETS  256u
#define PREFIX_LENGTH  24u
#define PREFIX_LONGEST 29u         /* room for the host and some members */
#define PREFIX_MIN     16u         /* more than 64 thousand addresses are nobody's lab */
#define USER_NETWORKS  0x0A000200u /* 10.0.2.0, QEMU's user networking: one for each card */
#define NETWORKS_MAX   64u
#define DOMAIN_MAX     190u /* with a name of 63 before it, a name that DNS takes */

/* Where a subnet is looked for: /24 by /24, block after block. The route of a VPN may cover the
 * first. */
static const uint32_t blocks[] = {
    0x0A4D0000u, /* 10.77.0.0 */
    0xAC1D0000u, /* 172.29.0.0 */
    0xC0A80000u, /* 192.168.0.0 */
};

/* IANA: 49152 on are nobody's, and those that systems take by themselves begin at 32768. */
#define PORT_FIRST 20000u
#define PORT_COUNT 12000u

/* QEMU waits until its socket can send, which the system says is so when its own datagrams that
 * wait take less than a quarter of its buffer: 70 small ones (net/unix/af_unix.c). With a shorter
 * queue it tries again and again. */
#define QUEUE_MIN 128u

/* --- what it must not be --- */

struct other {
    struct subnet subnet;
    const char *whose;
};

static bool fail_overlap(const struct subnet *subnet, const struct other *other,
                         struct error *error) {
    scoped(alloc_release) char *own = subnet_text(subnet);
    scoped(alloc_release) char *taken = subnet_text(&other->subnet);
    return error_set(error, ERROR_INVALID, "the subnet %s overlaps with %s, %s: use another one",
                     own, taken, other->whose);
}

static bool check_apart(const struct subnet *subnet, const struct other *other,
                        struct error *error) {
    return !subnet_overlaps(subnet, &other->subnet) || fail_overlap(subnet, other, error);
}

static bool check_user_networks(const struct subnet *subnet, struct error *error) {
    for (uint32_t i = 0; i < SPEC_NICS_MAX; i++) {
        const struct other other = {{USER_NETWORKS + (i << 8), 0xFFFFFF00u, 24},
                                    "which QEMU's user networking has for a card"};
        if (!check_apart(subnet, &other, error))
            return false;
    }
    return true;
}

static unsigned prefix_of(uint32_t mask) {
    unsigned length = 0;
    for (; mask & UINT32_C(0x80000000); mask <<= 1)
        length++;
    return length;
}

static bool check_routes(const struct subnet *subnet, struct error *error) {
    struct route routes[ROUTES_MAX];
    size_t count = routes_list(routes);
    for (size_t i = 0; i < count; i++) {
        const struct other other = {{routes[i].network, routes[i].mask, prefix_of(routes[i].mask)},
                                    "to which this host has a route"};
        if (!check_apart(subnet, &other, error))
            return false;
    }
    return true;
}

static bool check_cloud(struct store *store, const struct subnet *subnet, struct error *error) {
    struct store_cloud cloud = {0};
    struct other other = {.whose = "the network of the cloud"};
    bool good = cloud_table_get(store, &cloud, error) &&
                (!subnet_of_cloud(&cloud, &other.subnet) || check_apart(subnet, &other, error));
    store_cloud_done(&cloud);
    return good;
}

static bool check_networks(const struct store_networks *networks, const struct subnet *subnet,
                           struct error *error) {
    for (size_t i = 0; i < networks->count; i++) {
        const struct store_network *each = &networks->items[i];
        scoped(alloc_release) char *whose = alloc_printf("the subnet of \"%s\"", each->name);
        struct other other = {.whose = whose};
        if (subnet_of_address(each->subnet, &other.subnet) && !check_apart(subnet, &other, error))
            return false;
    }
    return true;
}

bool home_network_check_cloud(struct store *store, const struct store_cloud *cloud,
                              struct error *error) {
    struct store_networks networks = {0};
    struct subnet subnet;
    if (!subnet_of_cloud(cloud, &subnet))
        return true;
    bool good =
        network_table_list(store, &networks, error) && check_networks(&networks, &subnet, error);
    store_networks_done(&networks);
    return good;
}

/* A bridge is what the host is in: its own route to the subnet is none that it collides with. */
static bool check_subnet(struct store *store, const struct store_networks *networks,
                         const struct store_network *network, const struct subnet *subnet,
                         struct error *error) {
    return check_user_networks(subnet, error) && check_networks(networks, subnet, error) &&
           check_cloud(store, subnet, error) &&
           (network->interface && strcmp(network->kind, spec_network_word(SPEC_NET_BRIDGE)) == 0
                ? true
                : check_routes(subnet, error));
}

/* --- what it is --- */

static bool fail_subnet(const char *text, const char *sentence, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 40);
    return error_set(error, ERROR_INVALID, "\"%s\" is not a subnet for a network%s", shown,
                     sentence);
}

static bool parse_subnet(const char *text, struct subnet *subnet, struct error *error) {
    if (!subnet_of_address(text, subnet))
        return fail_subnet(text, ": use one such as 10.77.0.0/24", error);
    if (subnet->prefix_length < PREFIX_MIN || subnet->prefix_length > PREFIX_LONGEST)
        return fail_subnet(text, ": use a prefix length of 16 to 29", error);
    scoped(alloc_release) char *canonical = subnet_text(subnet);
    scoped(alloc_release) char *hint = alloc_printf(": did you mean %s?", canonical);
    if (strcmp(canonical, text) != 0)
        return fail_subnet(text, hint, error);
    char first[16];
    name_format_ip4(subnet->network + 1, first);
    return subnet_check_machine("a machine of --subnet", first, error);
}

static bool is_claimed(const struct store *store, const struct subnet *subnet) {
    const char *text;
    struct subnet other;
    for (size_t i = 0; (text = claim_subnet_at(store, i)); i++)
        if (subnet_of_address(text, &other) && subnet_overlaps(subnet, &other))
            return true;
    return false;
}

/* The first one that is free. */
static bool choose_subnet(struct store *store, const struct store_networks *networks,
                          const struct store_network *network, struct subnet *subnet,
                          struct error *error) {
    for (uint32_t i = 0; i < sizeof blocks / sizeof *blocks * BLOCK_SUBNETS; i++) {
        struct error taken = {0};
        uint32_t first = blocks[i / BLOCK_SUBNETS] + (i % BLOCK_SUBNETS << 8);
        *subnet = (struct subnet){first, 0xFFFFFF00u, PREFIX_LENGTH};
        if (!is_claimed(store, subnet) && check_subnet(store, networks, network, subnet, &taken))
            return true;
    }
    return error_set(error, ERROR_EXISTS,
                     "no /24 of 10.77.0.0/16, 172.29.0.0/16 and 192.168.0.0/16 is free: give a "
                     "subnet with --subnet");
}

static bool fill_subnet(struct store *store, const struct home_network_options *options,
                        struct store_network *network, struct error *error) {
    struct store_networks networks = {0};
    struct subnet subnet = {0};
    bool good = network_table_list(store, &networks, error) &&
                (networks.count < NETWORKS_MAX ||
                 error_set(error, ERROR_INVALID, "a home has at most %u networks", NETWORKS_MAX)) &&
                (options->subnet ? parse_subnet(options->subnet, &subnet, error) &&
                                       check_subnet(store, &networks, network, &subnet, error)
                                 : choose_subnet(store, &networks, network, &subnet, error));
    store_networks_done(&networks);
    if (good)
        network->subnet = subnet_text(&subnet);
    return good;
}

/* Drawn at random, so that homes and users do not meet by accident. */
static char *draw_group(void) {
    uint32_t drawn[2];
    secret_random(drawn, sizeof drawn);
    return alloc_printf("239.%u.%u.%u:%u", drawn[0] >> 16 & 255, drawn[0] >> 8 & 255,
                        1 + (drawn[0] & 255) % 254, PORT_FIRST + drawn[1] % PORT_COUNT);
}

/* At random as well: a VM that still runs with a card of a network that is removed does not meet
 * those of the next one. */
static char *draw_pair(void) {
    uint32_t drawn;
    secret_random(&drawn, sizeof drawn);
    return alloc_printf("pair-%08" PRIx32, drawn);
}

static bool is_unattached(enum spec_network kind) {
    return kind == SPEC_NET_MULTICAST || kind == SPEC_NET_PAIR;
}

static bool parse_kind(const char *word, enum spec_network *kind, struct error *error) {
    bool on_macos = platform_is_macos();
    enum spec_network native = on_macos ? SPEC_NET_VMNET_HELPER_HOST : SPEC_NET_BRIDGE;
    if (spec_network_from_word(word, kind) &&
        (*kind == SPEC_NET_MULTICAST || *kind == native || (!on_macos && *kind == SPEC_NET_PAIR)))
        return true;
    scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" cannot carry a network of this home: use multicast, %s", shown,
                     on_macos ? "or vmnet-helper-host" : "pair, or bridge with --host-if");
}

static bool fill_kind(const struct home_network_options *options, struct store_network *network,
                      struct error *error) {
    enum spec_network kind = platform_is_macos() ? SPEC_NET_VMNET_HELPER_HOST : SPEC_NET_MULTICAST;
    if (options->kind && !parse_kind(options->kind, &kind, error))
        return false;
    if (is_unattached(kind) && options->interface)
        return error_set(error, ERROR_INVALID,
                         "--host-if cannot be used with the network %s: omit it",
                         spec_network_word(kind));
    network->kind = alloc_string(spec_network_word(kind));
    network->interface = kind == SPEC_NET_MULTICAST ? draw_group()
                         : kind == SPEC_NET_PAIR    ? draw_pair()
                                                    : alloc_string(options->interface);
    return network_interface_check(kind, "--host-if", network->interface, error) &&
           network_check_not_loopback("--host-if", network->interface, error);
}

/* Labels as in names of hosts, with dots between them. */
static bool check_domain(const char *text, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(text);
    bool good = strlen(text) <= DOMAIN_MAX;
    for (char *label = copy, *next; good && label; label = next) {
        next = strchr(label, '.');
        if (next)
            *next++ = 0;
        good = name_check_label("domain", label, &(struct error){0});
    }
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 60);
    return good || error_set(error, ERROR_INVALID,
                             "\"%s\" is not a domain: use labels of lower-case letters, digits "
                             "and '-' with dots between them, such as lab.internal",
                             shown);
}

static bool check_name(struct store *store, const char *name, struct error *error) {
    struct store_network other = {0};
    struct error missing = {0};
    enum spec_network kind;
    if (!name_check_label("network", name, error))
        return false;
    if (spec_network_from_word(name, &kind))
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is a kind of network card, so no network can have that name",
                         name);
    if (!network_table_get(store, name, &other, &missing))
        return missing.code == ERROR_NOT_FOUND || error_copy(error, &missing);
    store_network_done(&other);
    return error_set(error, ERROR_EXISTS, "the network \"%s\" exists already: choose another name",
                     name);
}

/* With another network of the cloud the guests reach each other already. */
static bool make_lab(struct store *store, const char *name, struct error *error) {
    struct store_cloud cloud = {0};
    bool good = cloud_table_get(store, &cloud, error) &&
                (!subnet_is_user(&cloud) || network_table_set_lab(store, name, error));
    store_cloud_done(&cloud);
    return good;
}

bool home_network_add(struct store *store, const struct home_network_options *options,
                      struct store_network *network, struct error *error) {
    network->name = alloc_string(options->name);
    network->domain = options->domain ? alloc_string(options->domain)
                                      : alloc_printf("%s.internal", options->name);
    network->created_ms = clock_wall_ms();
    return check_name(store, options->name, error) && check_domain(network->domain, error) &&
           fill_kind(options, network, error) && fill_subnet(store, options, network, error) &&
           network_table_add(store, network, error) &&
           (!options->is_lab || make_lab(store, network->name, error));
}

bool home_network_create(struct home *home, const struct home_network_options *options,
                         struct store_network *made, struct error *error) {
    struct store *store = home->store;
    if (!store_begin(store, error))
        return false;
    bool good = store_end(store, home_network_add(store, options, made, error), error);
    if (!good)
        store_network_done(made);
    return good;
}

/* On macOS a card of the network needs a program that is not there by itself, before macOS 26 with
 * sudo: a guest must not fail to start for a network that nobody asked for. */
static bool can_be_carried(struct error *error) {
    if (!platform_is_macos())
        return true;
    scoped(alloc_release) char *helper = network_helper(error);
    return helper && (!platform_vmnet_wants_root() ||
                      error_set(error, ERROR_INVALID,
                                "vmnet-helper needs sudo here; `pgsup network add lab` makes one"));
}

bool home_network_add_lab(struct store *store, char **remark, struct error *error) {
    const struct home_network_options options = {.name = HOME_NETWORK_LAB};
    struct store_network network = {0};
    struct error why = {0};
    bool made = can_be_carried(&why) && home_network_add(store, &options, &network, &why);
    store_network_done(&network);
    *remark =
        made ? NULL : alloc_printf("there is no network \"" HOME_NETWORK_LAB "\": %s", why.text);
    return !made || network_table_set_lab(store, HOME_NETWORK_LAB, error);
}

static bool is_pair(const struct store_network *network) {
    return strcmp(network->kind, spec_network_word(SPEC_NET_PAIR)) == 0;
}

const char *home_network_remark(const struct store_network *network) {
    unsigned queue = platform_datagram_queue();
    return is_pair(network) && queue && queue < QUEUE_MIN
               ? "while one of the two is paused or starts, the QEMU of the other may take a whole "
                 "processor, because a socket of this host queues few datagrams: `sudo sysctl -w "
                 "net.unix.max_dgram_qlen=512`, which systemd sets, prevents that"
               : NULL;
}

static bool remove_unused(struct store *store, const char *name, struct store_network *network,
                          struct error *error) {
    struct store_nics members = {0};
    bool good = network_table_get(store, name, network, error) &&
                members_list(store, network->id, &members, error);
    if (good && members.count)
        good = error_set(error, ERROR_WRONG_STATE,
                         "the network \"%s\" is used by %zu card%s, that of \"%s\" for one: "
                         "`pgsup nic remove` removes a card",
                         name, members.count, name_plural(members.count), members.items[0].name);
    good = good && network_table_remove(store, network->id, error);
    store_nics_done(&members);
    return good;
}

/* QEMU leaves them when it ends. */
static void remove_sockets(const struct home *home, const char *pair) {
    scoped(alloc_release) char *first = alloc_printf("%s/%s.0", home->run, pair);
    scoped(alloc_release) char *second = members_pair_other(first);
    unlink(first);
    unlink(second);
}

bool home_network_remove(struct home *home, const char *name, struct error *error) {
    struct store *store = home->store;
    struct store_network network = {0};
    bool good = store_begin(store, error) &&
                store_end(store, remove_unused(store, name, &network, error), error);
    if (good && is_pair(&network))
        remove_sockets(home, network.interface);
    store_network_done(&network);
    return good;
}
