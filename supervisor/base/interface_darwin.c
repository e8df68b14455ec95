#include "base/interface.h"

#include "base/alloc.h"
#include "base/file.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/sysctl.h>
#include <unistd.h>

/* XNU: bsd/net/if_types.h (IFT_L2VLAN), bsd/net/if_media.h (IFM_NMASK, IFM_IEEE80211). */
enum { TYPE_VLAN = 0x87, MEDIA_TYPES = 0xe0, MEDIA_WIRELESS = 0x80 };

/* ifconfig(8) tells "IEEE 802.11" by this. */
static bool is_wireless(const char *name) {
    struct ifmediareq media = {0};
    scoped(file_release) int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || strlen(name) >= sizeof media.ifm_name)
        return false;
    strcpy(media.ifm_name, name);
    return ioctl(fd, SIOCGIFMEDIA, &media) == 0 &&
           (media.ifm_current & MEDIA_TYPES) == MEDIA_WIRELESS;
}

enum interface_kind interface_find_kind(const char *name) {
    struct ifaddrs *list = NULL;
    enum interface_kind kind = INTERFACE_OTHER;
    if (getifaddrs(&list) < 0)
        return kind;
    for (const struct ifaddrs *each = list; each; each = each->ifa_next) {
        const struct if_data *data = each->ifa_data;
        if (each->ifa_addr && each->ifa_addr->sa_family == AF_LINK && data &&
            strcmp(each->ifa_name, name) == 0 && data->ifi_type == TYPE_VLAN)
            kind = INTERFACE_VLAN;
    }
    freeifaddrs(list);
    return kind == INTERFACE_OTHER && is_wireless(name) ? INTERFACE_WIFI : kind;
}

/* --- routes and neighbours: route(4), as arp(8) reads them --- */

/* Addresses follow each other, each rounded up to a multiple of 4. */
static const char *after(const struct sockaddr *address) {
    size_t length = address->sa_len ? (address->sa_len + 3u) & ~3u : 4;
    return (const char *)address + length;
}

/* The destination of a default route is 0; its gateway follows. */
static bool read_gateway(const struct rt_msghdr *route, unsigned interface, uint32_t *ip4) {
    const char *end = (const char *)route + route->rtm_msglen;
    const struct sockaddr_in *destination = (const void *)(route + 1);
    if (route->rtm_index != interface || !(route->rtm_addrs & RTA_GATEWAY) ||
        (const char *)(destination + 1) > end || destination->sin_addr.s_addr != 0)
        return false;
    const struct sockaddr_in *gateway = (const void *)after((const void *)destination);
    if ((const char *)(gateway + 1) > end || gateway->sin_family != AF_INET)
        return false;
    *ip4 = ntohl(gateway->sin_addr.s_addr);
    return true;
}

bool interface_gateway(const char *interface, uint32_t *ip4) {
    int name[] = {CTL_NET, PF_ROUTE, 0, AF_INET, NET_RT_FLAGS, RTF_GATEWAY};
    unsigned index = if_nametoindex(interface);
    size_t length = 0;
    bool found = false;
    if (index == 0 || sysctl(name, 6, NULL, &length, NULL, 0) < 0)
        return false;
    length += 4096; /* it may grow meanwhile */
    scoped(alloc_release) char *list = alloc_zero(length);
    if (sysctl(name, 6, list, &length, NULL, 0) < 0)
        return false;
    for (size_t at = 0; !found && at + sizeof(struct rt_msghdr) <= length;) {
        const struct rt_msghdr *route = (const void *)(list + at);
        if (route->rtm_msglen < sizeof *route || at + route->rtm_msglen > length)
            break;
        found = read_gateway(route, index, ip4);
        at += route->rtm_msglen;
    }
    return found;
}

/* False: one that has not answered, or not Ethernet. */
static bool read_neighbour(const struct rt_msghdr *route, struct interface_neighbour *neighbour) {
    const char *end = (const char *)route + route->rtm_msglen;
    const struct sockaddr_in *address = (const void *)(route + 1);
    if ((const char *)(address + 1) > end || address->sin_family != AF_INET)
        return false;
    const struct sockaddr_dl *link = (const void *)after((const void *)address);
    if ((const char *)link + offsetof(struct sockaddr_dl, sdl_data) > end ||
        link->sdl_family != AF_LINK || link->sdl_alen != sizeof neighbour->mac ||
        LLADDR(link) + sizeof neighbour->mac > end)
        return false;
    neighbour->ip4 = ntohl(address->sin_addr.s_addr);
    memcpy(neighbour->mac, LLADDR(link), sizeof neighbour->mac);
    neighbour->confirmed = route->rtm_rmx.rmx_expire;
    return true;
}

bool interface_neighbours(struct interface_neighbour **list, size_t *count) {
    int name[] = {CTL_NET, PF_ROUTE, 0, AF_INET, NET_RT_FLAGS, RTF_LLINFO};
    size_t length = 0;
    if (sysctl(name, 6, NULL, &length, NULL, 0) < 0)
        return false;
    length += length / 8 + 4096; /* it may grow meanwhile */
    scoped(alloc_release) char *table = alloc_zero(length);
    if (sysctl(name, 6, table, &length, NULL, 0) < 0)
        return false;
    *list = alloc_zero(INTERFACE_NEIGHBOURS_LIMIT * sizeof **list);
    *count = 0;
    for (size_t at = 0;
         at + sizeof(struct rt_msghdr) <= length && *count < INTERFACE_NEIGHBOURS_LIMIT;) {
        const struct rt_msghdr *route = (const void *)(table + at);
        if (route->rtm_msglen < sizeof *route || at + route->rtm_msglen > length)
            break;
        if (read_neighbour(route, &(*list)[*count]))
            (*count)++;
        at += route->rtm_msglen;
    }
    return true;
}
