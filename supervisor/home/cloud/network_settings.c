#include "home/cloud/network_settings.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "home/cloud/subnet.h"
#include "host/address.h"
#include "host/network.h"
#include "machine/core/spec.h"

#include <string.h>

enum { IP4, NM4, GW4, NS4, ADDRESSES };

static const char *const address_options[ADDRESSES] = {
    [IP4] = "--host-ip4", [NM4] = "--host-nm4", [GW4] = "--host-gw4", [NS4] = "--host-ns4"};

/* What the cloud is to have. NULL: none. */
struct wanted {
    enum spec_network kind;
    const char *interface;
    const char *addresses[ADDRESSES];
    bool any_host;
    struct address host; /* what was found out */
    bool found[ADDRESSES];
    bool is_awaited; /* this host has not its address yet */
};

bool network_settings_are_given(const struct network_settings *settings) {
    return settings->kind || settings->interface || settings->host_ip4 || settings->host_nm4 ||
           settings->host_gw4 || settings->host_ns4;
}

static const char *value_of(const char *given, const char *before) {
    return !given ? before : *given ? given : NULL;
}

static bool choose_kind(const struct network_settings *settings, const struct store_cloud *cloud,
                        enum spec_network *kind, struct error *error) {
    bool has_interface = settings->interface && *settings->interface;
    enum spec_network before = SPEC_NET_USER;
    if (settings->kind)
        return network_kind_check(settings->kind, kind, error);
    if (cloud->network && !network_kind_check(cloud->network, &before, error))
        return false;
    const struct network_facts facts = network_survey(has_interface ? settings->interface : NULL);
    *kind = before == SPEC_NET_USER ? network_choose(&facts).network : before;
    return true;
}

const char *network_settings_choice(const char *interface, const char **why) {
    const struct network_facts facts = network_survey(interface);
    struct network_choice choice = network_choose(&facts);
    *why = choice.why;
    return spec_network_word(choice.network);
}

static bool is_same(const char *one, const char *other) {
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What was given, and of before what still holds. */
static void combine(const struct network_settings *settings, const struct store_cloud *cloud,
                    struct wanted *wanted) {
    const char *given[ADDRESSES] = {settings->host_ip4, settings->host_nm4, settings->host_gw4,
                                    settings->host_ns4};
    const char *before[ADDRESSES] = {cloud->host_ip4, cloud->host_nm4, cloud->host_gw4,
                                     cloud->host_ns4};
    bool same_kind = is_same(cloud->network, spec_network_word(wanted->kind));
    wanted->interface = value_of(settings->interface, same_kind ? cloud->interface : NULL);
    bool same = same_kind && is_same(wanted->interface, cloud->interface);
    for (int i = 0; i < ADDRESSES; i++)
        wanted->addresses[i] = value_of(given[i], same ? before[i] : NULL);
}

/* Options that mean nothing with this network are a mistake of whoever gave them. */
static bool refuse_option(const char *option, const char *value, enum spec_network kind,
                          struct error *error) {
    return !value ||
           error_set(error, ERROR_INVALID,
                     "%s cannot be used with the network %s: omit it, or use --network "
                     "%s%s",
                     option, spec_network_word(kind), spec_network_word(network_bridged()),
                     strcmp(option, "--host-if") == 0 ? "" : " and --host-if");
}

static bool check_meaning(const struct wanted *wanted, struct error *error) {
    const struct spec_network_traits *traits = spec_network_traits(wanted->kind);
    bool attached =
        traits->attachment != SPEC_ATTACH_NOTHING && traits->attachment != SPEC_ATTACH_HELPER_ONLY;
    if (traits->attachment == SPEC_ATTACH_GROUP || traits->attachment == SPEC_ATTACH_PEER)
        return error_set(error, ERROR_INVALID,
                         "the network %s connects guests with each other only, and this host "
                         "could not reach them: use another one, and `pgsup network add` for that",
                         traits->word);
    if (!attached && !refuse_option("--host-if", wanted->interface, wanted->kind, error))
        return false;
    for (int i = 0; i < ADDRESSES && !traits->own_addresses; i++)
        if (!refuse_option(address_options[i], wanted->addresses[i], wanted->kind, error))
            return false;
    return true;
}

static bool has_none(const struct wanted *wanted) {
    for (int i = 0; i < ADDRESSES; i++)
        if (wanted->addresses[i])
            return false;
    return true;
}

/* A bridged interface alone says everything; beside an address of the host, its mask. */
static void find_out(struct wanted *wanted) {
    bool bridged = spec_network_traits(wanted->kind)->attachment == SPEC_ATTACH_INTERFACE;
    const char **addresses = wanted->addresses;
    struct address host;
    if (!bridged || !wanted->interface)
        return;
    if (has_none(wanted) && address_of_interface(wanted->interface, &wanted->host)) {
        const char *const values[ADDRESSES] = {wanted->host.ip4, wanted->host.mask,
                                               wanted->host.gateway, wanted->host.nameserver};
        for (int i = 0; i < ADDRESSES; i++) {
            wanted->found[i] = *values[i] != '\0';
            addresses[i] = wanted->found[i] ? values[i] : NULL;
        }
    } else if (addresses[IP4] && !addresses[NM4] && address_find(addresses[IP4], &host)) {
        memcpy(wanted->host.mask, host.mask, sizeof host.mask);
        addresses[NM4] = wanted->host.mask;
        wanted->found[NM4] = true;
    }
}

/* All that is missing, in one sentence. */
static bool require(const struct wanted *wanted, struct error *error) {
    const char *names[3];
    size_t count = 0;
    if (spec_network_traits(wanted->kind)->attachment != SPEC_ATTACH_INTERFACE)
        return true;
    if (!wanted->interface)
        names[count++] = "--host-if";
    if (!wanted->addresses[IP4])
        names[count++] = "--host-ip4";
    if (!wanted->addresses[NM4])
        names[count++] = "--host-nm4";
    if (count == 0)
        return true;
    const char *why =
        !wanted->interface ? "; an interface of this host that has an address is enough"
        : count == 2       ? ", because that interface of this host has no address"
                           : "";
    return error_set(error, ERROR_INVALID, "the network %s requires %s%s%s%s%s%s",
                     spec_network_word(wanted->kind), names[0], count > 2 ? ", " : "",
                     count > 2 ? names[1] : "", count > 1 ? " and " : "",
                     count > 1 ? names[count - 1] : "", why);
}

/* Guests would look for this host where it is not. An interface without any address may get it yet.
 */
static bool check_host(struct wanted *wanted, struct error *error) {
    const char *ip4 = wanted->addresses[IP4], *mask = wanted->addresses[NM4];
    bool bridged = spec_network_traits(wanted->kind)->attachment == SPEC_ATTACH_INTERFACE;
    struct address host, other;
    if (wanted->any_host || !bridged || strncmp(ip4, "127.", 4) == 0)
        return true;
    bool here = address_find(ip4, &host);
    wanted->is_awaited = !here && !address_of_interface(wanted->interface, &other);
    if (wanted->is_awaited)
        return true;
    if (!here)
        return error_set(error, ERROR_INVALID,
                         "--host-ip4 %s is not an address of this host: %s has %s", ip4,
                         wanted->interface, other.ip4);
    return strcmp(host.mask, mask) == 0 ||
           error_set(error, ERROR_INVALID, "--host-nm4 %s is not the netmask of %s: %s has %s",
                     mask, ip4, host.interface, host.mask);
}

static bool check_addresses(struct wanted *wanted, struct error *error) {
    const char *const *addresses = wanted->addresses;
    struct subnet subnet;
    if (!addresses[IP4] != !addresses[NM4])
        return error_set(error, ERROR_INVALID, "--host-ip4 and --host-nm4 must be given together");
    if (!addresses[IP4])
        return !addresses[GW4] ||
               error_set(error, ERROR_INVALID, "--host-gw4 requires --host-ip4 and --host-nm4");
    return subnet_of_host(addresses[IP4], addresses[NM4], &subnet, error) &&
           (!addresses[GW4] ||
            (subnet_check_machine("--host-gw4", addresses[GW4], error) &&
             subnet_check_member(&subnet, "--host-gw4", addresses[GW4], error))) &&
           (!addresses[NS4] || subnet_check_machine("--host-ns4", addresses[NS4], error)) &&
           check_host(wanted, error);
}

static char *tell_found(const struct wanted *wanted) {
    struct buffer text = {0};
    if (wanted->is_awaited)
        return alloc_printf("%s has no address yet: guests find this host when it has %s",
                            wanted->interface, wanted->addresses[IP4]);
    for (int i = 0; i < ADDRESSES; i++)
        if (wanted->found[i])
            buffer_printf(&text, "%s %s %s", text.length ? "" : "found out:", address_options[i],
                          wanted->addresses[i]);
    return text.length ? buffer_take(&text) : NULL;
}

static void put_network(const struct wanted *wanted, struct store_cloud *cloud) {
    const char *interface =
        wanted->interface ? wanted->interface : network_default_interface(wanted->kind);
    char **const texts[] = {&cloud->network,  &cloud->interface, &cloud->host_ip4,
                            &cloud->host_nm4, &cloud->host_gw4,  &cloud->host_ns4};
    const char *const values[] = {spec_network_word(wanted->kind), interface,
                                  wanted->addresses[IP4],          wanted->addresses[NM4],
                                  wanted->addresses[GW4],          wanted->addresses[NS4]};
    char *copies[sizeof values / sizeof *values]; /* a value may be what is replaced */
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        copies[i] = alloc_string(values[i]);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        alloc_replace(texts[i], copies[i]);
}

bool network_settings_apply(const struct network_settings *settings, struct store_cloud *cloud,
                            char **found, struct error *error) {
    struct wanted wanted = {.kind = SPEC_NET_USER, .any_host = settings->any_host};
    if (!choose_kind(settings, cloud, &wanted.kind, error))
        return false;
    combine(settings, cloud, &wanted);
    bool bridged = spec_network_traits(wanted.kind)->attachment == SPEC_ATTACH_INTERFACE;
    if (!check_meaning(&wanted, error) ||
        !network_check_not_loopback("--host-if", wanted.interface, error) ||
        ((wanted.interface || !bridged) &&
         !network_interface_check(wanted.kind, "--host-if", wanted.interface, error)))
        return false;
    find_out(&wanted);
    if (!require(&wanted, error) || !check_addresses(&wanted, error))
        return false;
    *found = tell_found(&wanted);
    put_network(&wanted, cloud);
    return true;
}
