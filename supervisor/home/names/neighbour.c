#include "home/names/neighbour.h"

#include "base/name.h"

#include <stdio.h>
#include <string.h>

static bool parse_mac(const char *text, uint8_t mac[6]) {
    char rest;
    return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2], &mac[3],
                  &mac[4], &mac[5], &rest) == 6;
}

bool neighbour_find(const struct platform_neighbour *list, size_t count, const char *mac,
                    const char *known, char address[16]) {
    const struct platform_neighbour *best = NULL, *same = NULL;
    uint32_t known_ip4 = 0;
    uint8_t wanted[6];
    if (!parse_mac(mac, wanted))
        return false;
    if (known && !name_parse_ip4(known, &known_ip4))
        known_ip4 = 0;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].mac, wanted, sizeof wanted) != 0)
            continue;
        if (list[i].ip4 == known_ip4)
            same = &list[i];
        if (!best || list[i].confirmed > best->confirmed)
            best = &list[i];
    }
    if (same && best->confirmed - same->confirmed <= NEIGHBOUR_MOVED_S)
        best = same;
    if (best)
        name_format_ip4(best->ip4, address);
    return best != NULL;
}
