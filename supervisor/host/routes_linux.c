#include "host/routes.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#define LOOPBACK 0x7F000000u

/* proc(5), /proc/net/route: a line for each, numbers in the order of the network. */
size_t routes_list(struct route list[ROUTES_MAX]) {
    char line[256];
    size_t count = 0;
    FILE *file = fopen("/proc/net/route", "re");
    if (!file)
        return 0;
    while (count < ROUTES_MAX && fgets(line, sizeof line, file)) {
        uint32_t network, mask;
        if (sscanf(line, "%*s %" SCNx32 " %*s %*s %*s %*s %*s %" SCNx32, &network, &mask) != 2)
            continue;
        struct route route = {ntohl(network), ntohl(mask)};
        if (route.mask && (route.network & 0xFF000000u) != LOOPBACK)
            list[count++] = route;
    }
    fclose(file);
    return count;
}
