#include "home/names/lease.h"

#include "base/name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDENTIFIER_MAX 64 /* bytes; a DUID has at most 128, those with a MAC address 18 */
#define DUID_BEGINS    4  /* after the IAID */

enum { TYPE_ETHERNET = 1, TYPE_DUID = 0xff };
enum { DUID_LLT = 1, DUID_LL = 3 }; /* RFC 8415 11.2 and 11.4: the ones with a MAC address */

struct lease {
    char address[16];
    uint8_t mac[6];
    bool has_mac;
    int64_t ends_s; /* 0: never */
};

/* "1,52:54:0:ab:cd:7": a type and bytes, in hexadecimal. -1: not of this form. */
static int read_identifier(const char *text, unsigned *type, uint8_t bytes[IDENTIFIER_MAX]) {
    char *rest;
    int count = 0;
    *type = (unsigned)strtoul(text, &rest, 16);
    if (rest == text || *rest != ',')
        return -1;
    do {
        text = rest + 1;
        if (count == IDENTIFIER_MAX || !isxdigit((unsigned char)*text))
            return -1;
        unsigned long byte = strtoul(text, &rest, 16);
        if (byte > 0xff)
            return -1;
        bytes[count++] = (uint8_t)byte;
    } while (*rest == ':');
    return *rest ? -1 : count;
}

static bool read_mac(const char *text, uint8_t mac[6]) {
    static const uint8_t llt[] = {0, DUID_LLT, 0, TYPE_ETHERNET};
    static const uint8_t ll[] = {0, DUID_LL, 0, TYPE_ETHERNET};
    uint8_t bytes[IDENTIFIER_MAX] = {0};
    unsigned type = 0;
    int count = read_identifier(text, &type, bytes);
    const uint8_t *duid = bytes + DUID_BEGINS, *found = NULL;
    if (type == TYPE_ETHERNET && count == 6)
        found = bytes;
    else if (type == TYPE_DUID && count == DUID_BEGINS + 14 && memcmp(duid, llt, sizeof llt) == 0)
        found = duid + 8; /* after the time */
    else if (type == TYPE_DUID && count == DUID_BEGINS + 10 && memcmp(duid, ll, sizeof ll) == 0)
        found = duid + 4;
    if (found)
        memcpy(mac, found, 6);
    return found != NULL;
}

static void read_address(const char *text, char address[16]) {
    uint32_t ip4;
    if (name_parse_ip4(text, &ip4))
        name_format_ip4(ip4, address);
}

static void read_field(char *line, struct lease *lease) {
    char *value = strchr(line, '=');
    if (!value)
        return;
    *value++ = 0;
    if (strcmp(line, "ip_address") == 0)
        read_address(value, lease->address);
    else if (strcmp(line, "hw_address") == 0)
        lease->has_mac = read_mac(value, lease->mac);
    else if (strcmp(line, "lease") == 0)
        lease->ends_s = (int64_t)(strtoull(value, NULL, 16) & INT64_MAX);
}

/* Without the blanks around it; false: too long. */
static bool take_line(const char *text, size_t length, char line[LEASE_LINE_LIMIT_BYTES]) {
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (length >= LEASE_LINE_LIMIT_BYTES)
        return false;
    memcpy(line, text, length);
    line[length] = 0;
    return true;
}

bool lease_find(const char *text, size_t length, const uint8_t mac[6], int64_t now_s,
                char address[16]) {
    char line[LEASE_LINE_LIMIT_BYTES];
    struct lease lease = {0};
    for (const char *end = text + length, *next; text < end; text = next) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        next = newline ? newline + 1 : end;
        if (!take_line(text, (size_t)((newline ? newline : end) - text), line))
            continue;
        if (line[0] == '{') {
            lease = (struct lease){0};
        } else if (line[0] != '}') {
            read_field(line, &lease);
        } else if (lease.has_mac && lease.address[0] && memcmp(lease.mac, mac, 6) == 0 &&
                   (!lease.ends_s || lease.ends_s > now_s)) {
            memcpy(address, lease.address, sizeof lease.address);
            return true;
        }
    }
    return false;
}
