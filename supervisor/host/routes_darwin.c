#include "host/routes.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysctl.h>

#define LOOPBACK      0x7F000000u
#define ADDRESS_ALIGN sizeof(uint32_t)
#define MASK_AT       offsetof(struct sockaddr_in, sin_addr)

/* A mask is as long as it needs to be: what follows its last byte is 0 (XNU: bsd/net/radix.c). */
static uint32_t read_mask(const unsigned char *address, size_t length) {
    uint32_t mask = 0;
    for (size_t i = 0; i < sizeof mask; i++)
        mask = mask << 8 | (MASK_AT + i < length ? address[MASK_AT + i] : 0);
    return mask;
}

/* route(4): the addresses follow the header, those that it names, each padded. A network without a
 * mask is a host. */
static bool read_route(const struct rt_msghdr *header, struct route *route) {
    const unsigned char *at = (const unsigned char *)(header + 1);
    const unsigned char *end = (const unsigned char *)header + header->rtm_msglen;
    *route = (struct route){0, UINT32_MAX};
    for (int i = 0; i < RTAX_MAX && at < end; i++) {
        size_t length = at[0];
        if (!(header->rtm_addrs & (1 << i)))
            continue;
        if (at + length > end)
            return false;
        struct sockaddr_in address = {0};
        memcpy(&address, at, length < sizeof address ? length : sizeof address);
        if (i == RTAX_DST)
            route->network = ntohl(address.sin_addr.s_addr);
        if (i == RTAX_NETMASK)
            route->mask = read_mask(at, length);
        at += length ? (length + ADDRESS_ALIGN - 1) / ADDRESS_ALIGN * ADDRESS_ALIGN : ADDRESS_ALIGN;
    }
    return route->mask && (route->network & 0xFF000000u) != LOOPBACK &&
           !(header->rtm_flags & (RTF_LLINFO | RTF_MULTICAST | RTF_BROADCAST | RTF_WASCLONED));
}

size_t routes_list(struct route list[ROUTES_MAX]) {
    int name[] = {CTL_NET, PF_ROUTE, 0, AF_INET, NET_RT_DUMP, 0};
    size_t length = 0, count = 0;
    if (sysctl(name, 6, NULL, &length, NULL, 0) < 0)
        return 0;
    char *table = alloc_zero(length + 1);
    if (sysctl(name, 6, table, &length, NULL, 0) < 0)
        length = 0;
    for (size_t at = 0; at + sizeof(struct rt_msghdr) <= length && count < ROUTES_MAX;) {
        struct rt_msghdr header;
        memcpy(&header, table + at, sizeof header);
        if (header.rtm_msglen < sizeof header || at + header.rtm_msglen > length)
            break;
        if (read_route((const struct rt_msghdr *)(const void *)(table + at), &list[count]))
            count++;
        at += header.rtm_msglen;
    }
    free(table);
    return count;
}
