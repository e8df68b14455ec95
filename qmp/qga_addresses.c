#include "qga_addresses.h"

#include "base/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool is_usable(uint32_t address, json_int_t prefix) {
    uint32_t first = address >> 24;
    uint32_t host = prefix >= 1 && prefix <= 30 ? UINT32_MAX >> prefix : 0;
    if (first == 0 || first == 127 || first >= 224 || address >> 16 == 0xA9FE)
        return false;
    return host == 0 || ((address & host) != 0 && (address & host) != host);
}

static void add_address(struct qga_addresses *addresses, const json_t *each) {
    const char *text = json_string_value(json_object_get(each, "ip-address"));
    uint32_t address;
    if (text && name_parse_ip4(text, &address) && addresses->count < QGA_ADDRESSES_MAX &&
        is_usable(address, json_integer_value(json_object_get(each, "prefix"))))
        name_format_ip4(address, addresses->items[addresses->count++]);
}

void qga_addresses_decode(const json_t *value, const char *mac, struct qga_addresses *addresses) {
    size_t number, index;
    json_t *card, *each;
    *addresses = (struct qga_addresses){0};
    json_array_foreach(value, number, card) {
        const char *own = json_string_value(json_object_get(card, "hardware-address"));
        json_t *list = json_object_get(card, "ip-addresses");
        if (!own || strcasecmp(own, mac) != 0)
            continue;
        json_array_foreach(list, index, each) {
            add_address(addresses, each);
        }
    }
}

const char *qga_addresses_choose(const struct qga_addresses *addresses, const char *known) {
    for (size_t i = 0; known && i < addresses->count; i++)
        if (strcmp(addresses->items[i], known) == 0)
            return addresses->items[i];
    return addresses->count ? addresses->items[0] : NULL;
}
