#include "home/instance/nic.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"
#include "home/cloud/subnet.h"
#include "host/network.h"
#include "store/network_table.h"

#include <string.h>

#define MAC_FORM      "52:54:00:12:34:56"
#define MAC_MULTICAST 1u
#define PREFIX_MIN    8
#define PREFIX_MAX    30

/* --- the words --- */

static bool fail_part(const char *text, const char *sentence, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 60);
    return error_set(error, ERROR_INVALID, "\"%s\" is not %s", shown, sentence);
}

bool nic_parse_mac(const char *text, char **mac) {
    static const uint8_t none[6];
    uint8_t bytes[6];
    char lower[sizeof MAC_FORM];
    bool good = name_parse_mac(text, bytes) && memcmp(bytes, none, sizeof bytes) != 0 &&
                !(bytes[0] & MAC_MULTICAST);
    if (!good)
        return false;
    name_format_mac(bytes, lower);
    alloc_replace(mac, alloc_string(lower));
    return true;
}

static bool take_mac(const char *value, struct store_nic *nic, struct error *error) {
    return nic_parse_mac(value, &nic->mac) ||
           fail_part(value, "the MAC address of a card: write it like " MAC_FORM, error);
}

static bool take_address(const char *value, struct store_nic *nic, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(value);
    char *slash = strchr(copy, '/');
    uint64_t prefix;
    uint32_t address;
    if (nic->network) { /* which knows its prefix length: members_give_place() checks it */
        nic->ip4 = alloc_string(value);
        return name_parse_ip4(value, &address) ||
               fail_part(value, "an address in the network: use one such as 10.77.0.5", error);
    }
    if (!slash)
        return fail_part(value, "an address with its prefix length: use one such as 10.1.0.5/24",
                         error);
    *slash = 0;
    if (!name_parse_ip4(copy, &address) ||
        !name_parse_number(slash + 1, PREFIX_MIN, PREFIX_MAX, &prefix))
        return fail_part(value, "an address with its prefix length: use one such as 10.1.0.5/24",
                         error);
    uint32_t mask = UINT32_MAX << (32 - prefix);
    struct subnet subnet = {address & mask, mask, (unsigned)prefix};
    alloc_replace(&nic->ip4, alloc_printf("%s/%u", copy, (unsigned)prefix));
    return subnet_check_machine("ip=", copy, error) &&
           subnet_check_member(&subnet, "ip=", copy, error);
}

static bool take_part(const char *part, struct store_nic *nic, struct error *error) {
    const char *value = strchr(part, '=');
    size_t length = value ? (size_t)(value++ - part) : 0;
    if (length == 2 && strncmp(part, "if", length) == 0 && *value && !nic->interface &&
        !nic->network) {
        nic->interface = alloc_string(value);
        return true;
    }
    if (length == 2 && strncmp(part, "ip", length) == 0 && !nic->ip4)
        return take_address(value, nic, error);
    if (length == 3 && strncmp(part, "mac", length) == 0 && !nic->mac)
        return take_mac(value, nic, error);
    return fail_part(part,
                     "a part of a network card, or occurs twice: use "
                     "KIND,if=NAME,ip=ADDRESS/PREFIX,mac=MAC, where all but KIND are optional",
                     error);
}

/* In a list of YAML a comma ends a text that is not in quotes. */
static bool fail_word(const char *word, struct error *error) {
    struct error problem = {0};
    enum spec_network kind;
    scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
    if (strchr(word, '='))
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is a part of a network card: it follows its network in the same "
                         "text, such as \"lab,ip=10.77.0.5\", which takes quotes in a list of YAML",
                         shown);
    network_kind_check(word, &kind, &problem);
    return error_set(error, problem.code, "%s, or a network of `pgsup network list`", problem.text);
}

/* The network of this home with this name; without an id if there is none. A network may have been
 * called "pair" before that was a kind. False: the store cannot be read. */
static bool find_network(struct store *store, const char *word, struct store_network *network,
                         struct error *error) {
    struct error missing = {0};
    enum spec_network kind;
    if (spec_network_from_word(word, &kind) && kind != SPEC_NET_PAIR)
        return true;
    return network_table_get(store, word, network, &missing) || missing.code == ERROR_NOT_FOUND ||
           error_copy(error, &missing);
}

/* A card in a network is a member: with its kind, and attached to the same. */
static bool take_kind(const struct store_network *network, const char *word, struct store_nic *nic,
                      enum spec_network *kind, struct error *error) {
    if (network->id) {
        nic->network = network->id;
        nic->network_name = alloc_string(network->name);
        nic->kind = alloc_string(network->kind);
        nic->interface = alloc_string(network->interface);
        return network_kind_check(nic->kind, kind, error);
    }
    if (!spec_network_from_word(word, kind))
        return fail_word(word, error);
    nic->kind = alloc_string(word);
    if (*kind == SPEC_NET_PAIR)
        return error_set(error, ERROR_INVALID,
                         "a card is not put on \"%s\" itself: `pgsup network add NAME --kind %s` "
                         "makes such a network, and the card is then written NAME",
                         word, word);
    return network_kind_check(word, kind, error);
}

static bool take_parts(char *rest, struct store_nic *nic, struct error *error) {
    for (char *next; rest; rest = next) {
        next = strchr(rest, ',');
        if (next)
            *next++ = 0;
        if (!take_part(rest, nic, error))
            return false;
    }
    return true;
}

static bool parse_card(const struct store_network *network, const char *word, char *rest,
                       struct store_nic *nic, struct error *error) {
    enum spec_network kind;
    if (!take_kind(network, word, nic, &kind, error) || !take_parts(rest, nic, error))
        return false;
    if (kind == SPEC_NET_USER && nic->ip4)
        return error_set(error, ERROR_INVALID,
                         "a card of user networking gets its address by DHCP: omit ip=");
    if (!nic->interface)
        nic->interface = alloc_string(network_default_interface(kind));
    return network_interface_check(kind, "if=", nic->interface, error);
}

bool nic_parse(struct store *store, const char *text, struct store_nic *nic, struct error *error) {
    scoped(alloc_release) char *word = alloc_string(text);
    struct store_network network = {0};
    char *rest = strchr(word, ',');
    if (rest)
        *rest++ = 0;
    bool found = find_network(store, word, &network, error),
         good =
             found && (parse_card(&network, word, rest, nic, error) || error_about(error, "nics"));
    store_network_done(&network);
    return good;
}

char *nic_text(const struct store_nic *nic) {
    struct buffer text = {0};
    buffer_puts(&text, nic->network ? nic->network_name : nic->kind);
    if (nic->interface && !nic->network)
        buffer_printf(&text, ",if=%s", nic->interface);
    if (nic->ip4 && nic->network)
        buffer_printf(&text, ",ip=%.*s", (int)strcspn(nic->ip4, "/"), nic->ip4);
    else if (nic->ip4)
        buffer_printf(&text, ",ip=%s", nic->ip4);
    if (nic->mac)
        buffer_printf(&text, ",mac=%s", nic->mac);
    return buffer_take(&text);
}

/* --- what is asked for --- */

bool nic_parse_all(struct store *store, char *const *texts, struct store_nics *nics,
                   struct error *error) {
    bool good = true;
    for (; good && texts && *texts; texts++) {
        nics->items = alloc_resize(nics->items, (nics->count + 1) * sizeof *nics->items);
        nics->items[nics->count++] = (struct store_nic){0};
        if (nics->count > SPEC_ADDITIONAL_NICS_MAX) {
            error_set(error, ERROR_INVALID,
                      "an instance has at most %u network cards besides the first one",
                      SPEC_ADDITIONAL_NICS_MAX);
            good = error_about(error, "nics");
        }
        good = good && nic_parse(store, *texts, &nics->items[nics->count - 1], error);
    }
    return good || error_prefix(error, "--nic");
}

bool nic_check_host(const struct store_nic *nic, struct error *error) {
    enum spec_network kind;
    return network_kind_check(nic->kind, &kind, error) &&
           network_interface_check(kind, "if=", nic->interface, error);
}
