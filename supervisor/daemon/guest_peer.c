#include "daemon/guest_peer.h"

#include "base/alloc.h"
#include "base/interface.h"
#include "base/name.h"
#include "store/launch_table.h"
#include "store/nic_table.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define LAUNCHES_LIMIT 32u /* that may have ended before a phone-home */

static bool is_own_address(uint32_t ip4) {
    struct ifaddrs *list = NULL;
    if (ip4 >> 24 == IN_LOOPBACKNET)
        return true;
    bool own = getifaddrs(&list) < 0;
    for (const struct ifaddrs *each = list; each && !own; each = each->ifa_next) {
        const struct sockaddr_in *address = (const void *)each->ifa_addr;
        own = address && address->sin_family == AF_INET && ntohl(address->sin_addr.s_addr) == ip4;
    }
    if (list)
        freeifaddrs(list);
    return own;
}

static bool is_mac(const uint8_t mac[6], const char *text) {
    uint8_t wanted[6];
    return text && name_parse_mac(text, wanted) && memcmp(mac, wanted, sizeof wanted) == 0;
}

/* "10.0.0.5/24" too */
static bool is_address(uint32_t ip4, const char *text) {
    char address[16];
    name_format_ip4(ip4, address);
    size_t length = strlen(address);
    return text && strncmp(text, address, length) == 0 &&
           (text[length] == 0 || text[length] == '/');
}

/* False: the neighbour with this address is known, and is none of these cards. */
static bool neighbour_fits(const struct store_instance *instance, const struct store_nics *nics,
                           uint32_t ip4) {
    struct interface_neighbour *list = NULL;
    size_t count = 0;
    bool seen = false, fits = false;
    if (!interface_neighbours(&list, &count))
        return true;
    for (size_t i = 0; i < count && !fits; i++) {
        if (list[i].ip4 != ip4)
            continue;
        seen = true;
        fits = is_mac(list[i].mac, instance->mac);
        for (size_t n = 0; n < nics->count && !fits; n++)
            fits = is_mac(list[i].mac, nics->items[n].mac);
    }
    free(list);
    return fits || !seen;
}

static bool address_fits(const struct store_instance *instance, const struct store_nics *nics,
                         uint32_t ip4) {
    bool has_static = instance->ip4 != NULL, fits = is_address(ip4, instance->ip4);
    for (size_t i = 0; i < nics->count && !fits; i++) {
        has_static = has_static && nics->items[i].ip4;
        fits = is_address(ip4, nics->items[i].ip4);
    }
    return fits || (!has_static && neighbour_fits(instance, nics, ip4));
}

static bool is_owned(const struct vm *vm, struct guest_peer *peer) {
    if (peer->owned || peer->foreign)
        return peer->owned;
    enum tcp_owner owner = tcp_owner_is((pid_t)vm->launch.pid, &peer->ends);
    peer->owned = owner == TCP_OWNER_PROCESS;
    peer->foreign = owner == TCP_OWNER_OTHER;
    return peer->owned;
}

static bool fail_stranger(const struct store_instance *instance, const struct guest_peer *peer,
                          struct error *error) {
    char from[32] = "another process of this host";
    if (peer->own_network)
        name_format_ip4(peer->ends.local.ip4, from);
    return error_set(error, ERROR_INVALID, "it does not come from the guest of %s, but from %s",
                     instance->name, from);
}

static bool fits(struct store *store, const struct store_instance *instance,
                 struct guest_peer *peer, struct error *error) {
    struct store_nics nics = {0};
    uint32_t ip4 = peer->ends.local.ip4;
    if (peer->now && peer->revision == peer->now && !peer->own_network)
        return fail_stranger(instance, peer, error);
    if (!nic_table_list(store, instance->id, &nics, error))
        return false;
    peer->revision = peer->now;
    peer->own_network = instance->ssh_port == 0 || nics.count > 0;
    bool good = peer->own_network && !is_own_address(ip4) && address_fits(instance, &nics, ip4);
    store_nics_done(&nics);
    return good || fail_stranger(instance, peer, error);
}

bool guest_peer_check_again(struct store *store, const struct vm *vm,
                            const struct store_instance *instance, struct guest_peer *peer,
                            struct error *error) {
    if (!vm || !lifecycle_has_process(vm->state) || vm->launch.pid <= 0)
        return error_set(error, ERROR_INVALID, "%s does not run", instance->name);
    if (peer->instance != instance->id || peer->pid != vm->launch.pid)
        *peer = (struct guest_peer){
            .ends = peer->ends, .now = peer->now, .instance = instance->id, .pid = vm->launch.pid};
    return is_owned(vm, peer) || fits(store, instance, peer, error);
}

bool guest_peer_check(struct store *store, const struct vm *vm,
                      const struct store_instance *instance, const struct tcp_socket *ends,
                      struct error *error) {
    struct guest_peer peer = {.ends = *ends};
    return guest_peer_check_again(store, vm, instance, &peer, error);
}

bool guest_peer_has_seed(struct store *store, const struct vm *vm,
                         const struct store_instance *instance, struct error *error) {
    struct store_launches launches = {0};
    if (instance->seed != STORE_SEED_HTTP || vm->seed_fetched || vm_was_adopted(vm))
        return true;
    if (!launch_table_list(store, instance->id, LAUNCHES_LIMIT, &launches, error))
        return false;
    bool fetched = false, phoned = false;
    for (size_t i = 0; i < launches.count && !fetched && !phoned; i++) {
        phoned = launches.items[i].phases_ms[PHASE_PHONE_HOME] != 0;
        fetched = !phoned && launches.items[i].phases_ms[PHASE_SEED] != 0;
    }
    store_launches_done(&launches);
    return fetched || error_set(error, ERROR_INVALID, "%s has not fetched its seed in this boot",
                                instance->name);
}
