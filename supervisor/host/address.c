#include "host/address.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/interface.h"
#include "base/name.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define RESOLV_LIMIT_BYTES 65536u

static void format(const struct sockaddr *from, char text[ADDRESS_SIZE]) {
    const struct sockaddr_in *address = (const void *)from;
    name_format_ip4(from ? ntohl(address->sin_addr.s_addr) : 0, text);
}

static void take(const struct ifaddrs *from, struct address *address) {
    *address = (struct address){0};
    snprintf(address->interface, sizeof address->interface, "%s", from->ifa_name);
    format(from->ifa_addr, address->ip4);
    format(from->ifa_netmask, address->mask);
}

enum search_key { BY_INTERFACE, BY_ADDRESS };

static bool search(enum search_key key, const char *wanted, struct address *address) {
    struct ifaddrs *list = NULL;
    bool found = false;
    if (getifaddrs(&list) < 0)
        return false;
    for (const struct ifaddrs *each = list; each && !found; each = each->ifa_next) {
        if (!each->ifa_addr || each->ifa_addr->sa_family != AF_INET)
            continue;
        take(each, address);
        found = strcmp(key == BY_INTERFACE ? address->interface : address->ip4, wanted) == 0;
    }
    freeifaddrs(list);
    return found;
}

bool address_find(const char *ip4, struct address *address) {
    return search(BY_ADDRESS, ip4, address);
}

void address_read_nameserver(const char *text, char nameserver[ADDRESS_SIZE]) {
    static const char word[] = "nameserver";
    nameserver[0] = '\0';
    for (const char *line = text; *line && !nameserver[0];) {
        size_t length = strcspn(line, "\n");
        uint32_t ip4;
        char shown[ADDRESS_SIZE] = "";
        if (length > strlen(word) && strncmp(line, word, strlen(word)) == 0) {
            const char *value = line + strlen(word);
            size_t blank = strspn(value, " \t"), size = strcspn(value + blank, " \t\r\n#;");
            if (blank && size < sizeof shown)
                memcpy(shown, value + blank, size);
        }
        if (name_parse_ip4(shown, &ip4) && ip4 >> 24 != IN_LOOPBACKNET)
            memcpy(nameserver, shown, sizeof shown);
        line += length + (line[length] == '\n');
    }
}

/* systemd-resolved writes its own address into the first file, and those behind it into the other.
 */
static void find_nameserver(char nameserver[ADDRESS_SIZE]) {
    static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};
    nameserver[0] = '\0';
    for (size_t i = 0; i < sizeof files / sizeof *files && !nameserver[0]; i++) {
        scoped(buffer_done) struct buffer text = {0};
        if (file_read(files[i], RESOLV_LIMIT_BYTES, &text, NULL) && text.data)
            address_read_nameserver(text.data, nameserver);
    }
}

bool address_of_interface(const char *interface, struct address *address) {
    uint32_t gateway;
    if (!search(BY_INTERFACE, interface, address))
        return false;
    if (interface_gateway(interface, &gateway))
        name_format_ip4(gateway, address->gateway);
    find_nameserver(address->nameserver);
    return true;
}
