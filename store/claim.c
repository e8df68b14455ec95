#include "store/claim.h"

#include "base/alloc.h"
#include "store/query.h"

void claim_address(struct store *store, const char *network, const char *ip4) {
    strv_pushf(&store->claims.addresses, "%s %s", network, ip4);
}

void claim_port(struct store *store, uint16_t port) {
    strv_pushf(&store->claims.ports, "%u", port);
}

void claim_mac(struct store *store, const char *mac) {
    strv_push(&store->claims.macs, mac);
}

void claim_subnet(struct store *store, const char *subnet) {
    strv_push(&store->claims.subnets, subnet);
}

void claim_clear(struct store *store) {
    strv_done(&store->claims.addresses);
    strv_done(&store->claims.macs);
    strv_done(&store->claims.ports);
    strv_done(&store->claims.subnets);
}

bool claim_has_address(const struct store *store, const char *network, const char *ip4) {
    scoped(alloc_release) char *text = alloc_printf("%s %s", network, ip4);
    return strv_has(&store->claims.addresses, text);
}

bool claim_has_mac(const struct store *store, const char *mac) {
    return strv_has(&store->claims.macs, mac);
}

bool claim_has_port(const struct store *store, uint16_t port) {
    scoped(alloc_release) char *text = alloc_printf("%u", port);
    return strv_has(&store->claims.ports, text);
}

const char *claim_subnet_at(const struct store *store, size_t index) {
    return index < store->claims.subnets.count ? store->claims.subnets.items[index] : NULL;
}
