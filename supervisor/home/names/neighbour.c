#include "home/names/neighbour.h"

#include "base/name.h"

#include <string.h>

bool neighbour_find(const struct interface_neighbour *list, size_t count, const char *mac,
                    const char *known, char address[16]) {
    const struct interface_neighbour *best = NULL, *same = NULL;
    uint32_t known_ip4 = 0;
    uint8_t wanted[6];
    if (!name_parse_mac(mac, wanted))
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
