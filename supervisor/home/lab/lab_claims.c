#include "home/lab/lab_claims.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"
#include "machine/core/spec.h"
#include "store/claim.h"

#include <string.h>

/* Of "lab,ip=10.77.0.5,mac=…", the value of ",ip=". NULL: it has none; caller frees. */
static char *part_of(const char *card, const char *key) {
    const char *said = strstr(card, key), *value = said ? said + strlen(key) : NULL;
    return value ? alloc_slice(value, strcspn(value, ",")) : NULL;
}

static void claim_card(struct store *store, const char *card) {
    scoped(alloc_release) char *network = alloc_slice(card, strcspn(card, ","));
    scoped(alloc_release) char *address = part_of(card, ",ip="), *said = part_of(card, ",mac=");
    scoped(alloc_release) char *mac = NULL;
    if (address)
        claim_address(store, network, address);
    if (said && nic_parse_mac(said, &mac))
        claim_mac(store, mac);
}

static bool is_pair(const struct store_nic *nic) {
    return strcmp(nic->kind, spec_network_word(SPEC_NET_PAIR)) == 0;
}

bool lab_claims_card(const struct lab_instance *instance, const struct store_nic *nic) {
    char *const *cards = lab_list(&instance->values[LAB_NICS]);
    for (; cards && *cards; cards++) {
        scoped(alloc_release) char *network = alloc_slice(*cards, strcspn(*cards, ","));
        scoped(alloc_release) char *address = part_of(*cards, ",ip=");
        scoped(alloc_release) char *said = part_of(*cards, ",mac="), *mac = NULL;
        bool same_network = nic->network && strcmp(network, nic->network_name) == 0;
        bool same_address = address && nic->ip4 && strlen(address) == strcspn(nic->ip4, "/") &&
                            strncmp(address, nic->ip4, strlen(address)) == 0;
        if ((same_network && (same_address || is_pair(nic))) ||
            (said && nic_parse_mac(said, &mac) && strcmp(mac, nic->mac) == 0))
            return true;
    }
    return false;
}

/* At any address of this host: the ports that are drawn are of 127.0.0.1. */
static void claim_forward(struct store *store, const char *text) {
    struct store_forward forward = {0};
    if (forward_parse(text, &forward, &(struct error){0}) && forward.transport == TRANSPORT_TCP)
        claim_port(store, forward.host_port);
    store_forward_done(&forward);
}

static void claim_ssh_port(struct store *store, const char *text) {
    uint64_t port;
    if (text && name_parse_number(text, 1, UINT16_MAX, &port))
        claim_port(store, (uint16_t)port);
}

bool lab_claims_port(const struct lab_instance *instance, const struct port *port) {
    char *const *forwards = lab_list(&instance->values[LAB_FORWARDS]);
    const char *ssh_port = lab_text(&instance->values[LAB_SSH_PORT]);
    uint64_t number;
    bool claims = port->transport == TRANSPORT_TCP && ssh_port &&
                  name_parse_number(ssh_port, 1, UINT16_MAX, &number) && number == port->number;
    for (; !claims && forwards && *forwards; forwards++) {
        struct store_forward forward = {0};
        claims = forward_parse(*forwards, &forward, &(struct error){0}) &&
                 forward.transport == port->transport && forward.host_port == port->number;
        store_forward_done(&forward);
    }
    return claims;
}

void lab_claims_make(const struct lab *lab, struct store *store) {
    for (size_t i = 0; i < lab->network_count; i++) {
        const char *subnet = lab_text(&lab->networks[i].values[LAB_NETWORK_SUBNET]);
        if (subnet)
            claim_subnet(store, subnet);
    }
    for (size_t i = 0; i < lab->instance_count; i++) {
        const struct lab_value *values = lab->instances[i].values;
        char *const *cards = lab_list(&values[LAB_NICS]);
        char *const *forwards = lab_list(&values[LAB_FORWARDS]);
        for (; cards && *cards; cards++)
            claim_card(store, *cards);
        for (; forwards && *forwards; forwards++)
            claim_forward(store, *forwards);
        claim_ssh_port(store, lab_text(&values[LAB_SSH_PORT]));
    }
}

void lab_claims_end(struct store *store) {
    claim_clear(store);
}
