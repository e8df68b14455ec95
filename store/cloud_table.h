/* The settings of a cloud home: one row of cloud and one of network. */
#pragma once

#include "store/store.h"

struct store_cloud {
    char *name;
    char *admin_password_hash;  /* "$6$…"; NULL: none */
    char *ssh_public_key;       /* a line for each key */
    char *ssh_public_key_path;  /* file of the first key; the private key is expected beside it */
    char *ssh_private_key_path; /* overrides that; NULL */
    char *ssh_user;             /* whom `pgsup ssh` logs in as; NULL: ansible */
    uint32_t mac_base; /* random; MAC of an instance = 52:54:00 + low 24 bits of base + id */
    int64_t created_ms;
    bool package_upgrade; /* of new instances, unless they say otherwise */
    bool auto_up;         /* `start` begins a supervisor where none runs */
    uint64_t trash_days;  /* removed instances are kept for so long; 0: until the next removal */
    /* network */
    char *network;                                   /* machine/core/spec.h: spec_network_word() */
    char *interface;                                 /* --host-if; NULL for user */
    char *host_ip4, *host_nm4, *host_gw4, *host_ns4; /* dotted; NULL if not given */
    uint16_t phone_home_port;                        /* --ph-port */
    bool phone_home_auto; /* replaced when it is taken as a supervisor starts */
    char *dns_server;     /* "192.0.2.53" or "192.0.2.53:5353"; NULL: no DNS updates */
    char *dns_zone;       /* "lab.example.org" */
    char *dns_key_path;   /* file of the TSIG key; NULL: unsigned updates */
};

bool cloud_table_get(struct store *store, struct store_cloud *cloud, struct error *error);
bool cloud_table_put(struct store *store, const struct store_cloud *cloud, struct error *error);
/* The folder where this home was opened last; path NULL: not known, caller frees. Fails where there
 * is no cloud, as the above does. */
bool cloud_table_get_place(struct store *store, char **path, struct error *error);
bool cloud_table_set_place(struct store *store, const char *path, struct error *error);
void store_cloud_done(struct store_cloud *cloud);
