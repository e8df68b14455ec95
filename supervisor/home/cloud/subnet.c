#include "home/cloud/subnet.h"

#include "base/alloc.h"
#include "base/name.h"
#include "machine/core/spec.h"

#include <string.h>

#define PREFIX_MIN 8
#define PREFIX_MAX 30

bool subnet_is_user(const struct store_cloud *cloud) {
    enum spec_network network;
    return spec_network_from_word(cloud->network, &network) && network == SPEC_NET_USER;
}

static bool fail_address(const char *what, const char *text, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 40);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is not an address for %s: use one such as 172.16.3.5", shown, what);
}

struct block {
    uint32_t network, mask;
    const char *what;
};

static bool check_blocks(const char *what, const char *text, uint32_t address,
                         const struct block *blocks, struct error *error) {
    for (size_t i = 0; blocks[i].what; i++)
        if ((address & blocks[i].mask) == blocks[i].network)
            return error_set(error, ERROR_INVALID,
                             "\"%s\" is not an address for %s, because it is %s: use one such as "
                             "172.16.3.5",
                             text, what, blocks[i].what);
    return true;
}

/* RFC 6890. This host may be reached at 127.0.0.0/8, where no guest can be. */
static bool parse_unicast(const char *what, const char *text, uint32_t *address,
                          struct error *error) {
    static const struct block blocks[] = {
        {0, 0xFF000000, "in 0.0.0.0/8, which is nobody's"},
        {0xFFFFFFFF, 0xFFFFFFFF, "a broadcast address"},
        {0xE0000000, 0xF0000000, "a multicast address"},
        {0xF0000000, 0xF0000000, "in 240.0.0.0/4, which is reserved"},
        {.what = NULL},
    };
    return name_parse_ip4(text, address) ? check_blocks(what, text, *address, blocks, error)
                                         : fail_address(what, text, error);
}

bool subnet_check_machine(const char *what, const char *text, struct error *error) {
    static const struct block blocks[] = {
        {0x7F000000, 0xFF000000, "a loopback address"},
        {0xA9FE0000, 0xFFFF0000, "a link-local address"},
        {.what = NULL},
    };
    uint32_t address;
    return parse_unicast(what, text, &address, error) &&
           check_blocks(what, text, address, blocks, error);
}

bool subnet_overlaps(const struct subnet *one, const struct subnet *other) {
    uint32_t mask = one->mask & other->mask;
    return (one->network & mask) == (other->network & mask);
}

static void set(struct subnet *subnet, uint32_t address, unsigned prefix_length) {
    uint32_t mask = UINT32_MAX << (32 - prefix_length);
    *subnet =
        (struct subnet){.network = address & mask, .mask = mask, .prefix_length = prefix_length};
}

bool subnet_of_host(const char *address, const char *netmask, struct subnet *subnet,
                    struct error *error) {
    uint32_t host;
    unsigned prefix_length;
    if (!parse_unicast("--host-ip4", address, &host, error))
        return false;
    if (!name_parse_netmask(netmask, &prefix_length) || prefix_length < PREFIX_MIN ||
        prefix_length > PREFIX_MAX) {
        scoped(alloc_release) char *shown = name_printable(netmask, strlen(netmask), 40);
        return error_set(
            error, ERROR_INVALID,
            "\"%s\" is not a netmask for --host-nm4: use one such as 255.255.255.0, with "
            "%d to %d bits",
            shown, PREFIX_MIN, PREFIX_MAX);
    }
    set(subnet, host, prefix_length);
    return subnet_check_member(subnet, "--host-ip4", address, error);
}

bool subnet_of_address(const char *text, struct subnet *subnet) {
    scoped(alloc_release) char *copy = alloc_string(text);
    char *slash = copy ? strchr(copy, '/') : NULL;
    uint64_t prefix_length;
    uint32_t address;
    if (!slash)
        return false;
    *slash = 0;
    if (!name_parse_ip4(copy, &address) ||
        !name_parse_number(slash + 1, PREFIX_MIN, PREFIX_MAX, &prefix_length))
        return false;
    set(subnet, address, (unsigned)prefix_length);
    return true;
}

char *subnet_text(const struct subnet *subnet) {
    char network[16];
    name_format_ip4(subnet->network, network);
    return alloc_printf("%s/%u", network, subnet->prefix_length);
}

bool subnet_of_cloud(const struct store_cloud *cloud, struct subnet *subnet) {
    uint32_t address;
    unsigned prefix_length;
    if (subnet_is_user(cloud)) {
        name_parse_ip4(SUBNET_USER_GATEWAY, &address);
        set(subnet, address, 24);
        return true;
    }
    if (!cloud->host_ip4 || !cloud->host_nm4 || !name_parse_ip4(cloud->host_ip4, &address) ||
        !name_parse_netmask(cloud->host_nm4, &prefix_length))
        return false;
    set(subnet, address, prefix_length);
    return true;
}

bool subnet_check_member(const struct subnet *subnet, const char *what, const char *text,
                         struct error *error) {
    uint32_t address;
    char network[16];
    if (!parse_unicast(what, text, &address, error))
        return false;
    name_format_ip4(subnet->network, network);
    if ((address & subnet->mask) != subnet->network)
        return error_set(error, ERROR_INVALID,
                         "%s %s is outside the network %s/%u: use an address inside it", what, text,
                         network, subnet->prefix_length);
    if (address == subnet->network || address == (subnet->network | ~subnet->mask))
        return error_set(error, ERROR_INVALID, "%s %s is the %s address of %s/%u: use another one",
                         what, text, address == subnet->network ? "network" : "broadcast", network,
                         subnet->prefix_length);
    return true;
}

static bool check_other(const char *text, const char *taken, const char *whose,
                        struct error *error) {
    if (!taken || strcmp(text, taken) != 0)
        return true;
    return error_set(error, ERROR_EXISTS, "the address %s belongs to the %s: use another one", text,
                     whose);
}

bool subnet_check_guest(const struct store_cloud *cloud, const char *text, struct error *error) {
    struct subnet subnet;
    if (!subnet_of_cloud(cloud, &subnet))
        return error_set(
            error, ERROR_INVALID,
            "a static address requires a known network: create the cloud with --host-ip4 "
            "and --host-nm4");
    return subnet_check_machine("--ip", text, error) &&
           subnet_check_member(&subnet, "--ip", text, error) &&
           check_other(text, subnet_host_address(cloud), "host", error) &&
           check_other(text, subnet_gateway(cloud), "gateway", error) &&
           check_other(text, subnet_nameserver(cloud), "nameserver", error);
}

const char *subnet_host_address(const struct store_cloud *cloud) {
    return subnet_is_user(cloud) ? SUBNET_USER_GATEWAY : cloud->host_ip4;
}

const char *subnet_gateway(const struct store_cloud *cloud) {
    return subnet_is_user(cloud) ? SUBNET_USER_GATEWAY : cloud->host_gw4;
}

const char *subnet_nameserver(const struct store_cloud *cloud) {
    return subnet_is_user(cloud) ? SUBNET_USER_NAMESERVER : cloud->host_ns4;
}
