#include "base/interface.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Documentation/ABI/testing/sysfs-class-net: the device type is in its uevent. */
enum interface_kind interface_find_kind(const char *name) {
    scoped(alloc_release) char *path = alloc_printf("/sys/class/net/%s/uevent", name);
    scoped(buffer_done) struct buffer text = {0};
    if (strchr(name, '/') || !file_read(path, 4096, &text, NULL) || !text.data)
        return INTERFACE_OTHER;
    if (strstr(text.data, "DEVTYPE=vlan"))
        return INTERFACE_VLAN;
    return strstr(text.data, "DEVTYPE=wlan") ? INTERFACE_WIFI : INTERFACE_OTHER;
}

/* proc(5): interface, destination and gateway as the processor has them in memory, flags. */
bool interface_gateway(const char *interface, uint32_t *ip4) {
    char line[512], name[64];
    unsigned destination, gateway, flags;
    bool found = false;
    FILE *routes = fopen("/proc/net/route", "re");
    while (routes && !found && fgets(line, sizeof line, routes))
        found = sscanf(line, "%63s %x %x %x", name, &destination, &gateway, &flags) == 4 &&
                strcmp(name, interface) == 0 && destination == 0 && (flags & RTF_GATEWAY);
    if (routes)
        fclose(routes);
    if (found)
        *ip4 = ntohl(gateway);
    return found;
}

/* --- neighbours: rtnetlink(7) --- */

static int ask_neighbours(void) {
    struct {
        struct nlmsghdr header;
        struct ndmsg neighbour;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETNEIGH,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .neighbour = {.ndm_family = AF_INET},
    };
    struct timeval timeout = {.tv_sec = INTERFACE_NEIGHBOURS_TIMEOUT_MS / 1000};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ||
        send(fd, &request, sizeof request, 0) != (ssize_t)sizeof request)
        file_release(&fd);
    return fd;
}

/* False: not an Ethernet neighbour with an address that answers. */
static bool read_neighbour(const struct nlmsghdr *header, struct interface_neighbour *neighbour) {
    const struct ndmsg *message = NLMSG_DATA(header);
    bool address = false, mac = false;
    if (header->nlmsg_type != RTM_NEWNEIGH || header->nlmsg_len < NLMSG_LENGTH(sizeof *message) ||
        (message->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)))
        return false;
    *neighbour = (struct interface_neighbour){0};
    size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *message);
    const struct rtattr *each =
        (const void *)((const char *)message + NLMSG_ALIGN(sizeof *message));
    for (; RTA_OK(each, left); each = RTA_NEXT(each, left)) {
        struct nda_cacheinfo cache;
        if (each->rta_type == NDA_DST && RTA_PAYLOAD(each) == 4) {
            memcpy(&neighbour->ip4, RTA_DATA(each), 4);
            neighbour->ip4 = ntohl(neighbour->ip4);
            address = true;
        } else if (each->rta_type == NDA_LLADDR && RTA_PAYLOAD(each) == sizeof neighbour->mac) {
            memcpy(neighbour->mac, RTA_DATA(each), sizeof neighbour->mac);
            mac = true;
        } else if (each->rta_type == NDA_CACHEINFO && RTA_PAYLOAD(each) >= sizeof cache) {
            memcpy(&cache, RTA_DATA(each), sizeof cache);
            neighbour->confirmed = -(int64_t)cache.ndm_confirmed / sysconf(_SC_CLK_TCK); /* ago */
        }
    }
    return address && mac;
}

/* One datagram of the answer. False: that was its last. */
static bool take_neighbours(const struct nlmsghdr *header, size_t length,
                            struct interface_neighbour *list, size_t *count) {
    for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
            return false;
        if (*count < INTERFACE_NEIGHBOURS_LIMIT && read_neighbour(header, &list[*count]))
            (*count)++;
    }
    return true;
}

bool interface_neighbours(struct interface_neighbour **list, size_t *count) {
    _Alignas(struct nlmsghdr) char answer[32768]; /* the kernel's largest */
    scoped(file_release) int fd = ask_neighbours();
    if (fd < 0)
        return false;
    *list = alloc_zero(INTERFACE_NEIGHBOURS_LIMIT * sizeof **list);
    *count = 0;
    for (;;) {
        ssize_t length = recv(fd, answer, sizeof answer, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0) {
            free(*list);
            *list = NULL;
            return false;
        }
        if (!take_neighbours((const struct nlmsghdr *)answer, (size_t)length, *list, count))
            return true;
    }
}
