/* The DNS settings of a cloud: which server receives its names, in which zone, signed with which
 * key. Only their form is checked; whether the server accepts them shows at the first update. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "store/cloud_table.h"

#include <sys/types.h>

/* RFC 1035: a name has 253 characters, its first label and dot up to 64. */
#define DNS_ZONE_MAX 189
#define DNS_PORT     53

struct dns_settings {              /* NULL: stays as it is */
    const char *server;            /* "192.0.2.53" or "192.0.2.53:5353" */
    const char *zone;              /* "lab.example.org", with or without a dot at the end */
    const char *key;               /* a file as tsig-keygen writes it; "": updates are not signed */
    const struct buffer *key_text; /* what will be in that file; NULL: it is there, and is read */
    bool none;                     /* names are in no DNS */
};

/* Server and zone go together, and need guests that have addresses of their own. */
bool dns_settings_apply(const struct dns_settings *settings, struct store_cloud *cloud,
                        struct error *error);

/* Reads a key of which no file lasts. */
bool dns_settings_read_key(const char *path, struct buffer *text, mode_t *mode,
                           struct error *error);

/* Parses a server as it is stored. */
void dns_settings_split(const char *server, char address[16], unsigned *port);
