/* Creates and changes the cloud of a home, all or nothing. */
#pragma once

#include "base/error.h"
#include "home/cloud/cloud_inputs.h"
#include "home/cloud/dns_settings.h"
#include "home/cloud/network_settings.h"
#include "home/home.h"
#include "store/cloud_table.h"

struct cloud_options {
    const char *home_path;              /* set by cloud_create() */
    const char *name;                   /* default "pgsup" */
    const char *admin_password;         /* clear text, hashed here and never kept; NULL: none */
    const char *const *ssh_public_keys; /* paths of .pub files, NULL-terminated, one at least */
    const char *ssh_private_key;        /* NULL: the one beside them, or ssh's agent */
    bool new_ssh_key;                   /* instead of those two */
    char *const *users;                 /* "NAME:KEYFILE", NULL-terminated; NULL: none */
    struct network_settings network;
    char **found;                /* of network_settings_apply(); NULL: not wanted */
    const char *phone_home_port; /* NULL: 10300 */
    struct dns_settings dns;
    struct cloud_choices choices;
    /* What else is made with it, in the same transaction; NULL: nothing. */
    bool (*follow)(struct store *store, const struct store_cloud *cloud, void *context,
                   struct error *error);
    void *context;
};

/* All of them or none. */
bool cloud_set(struct home *home, const struct cloud_changes *changes, struct error *error);

/* Takes the network that a program made for guests, where the cloud has no addresses of its own:
 * from then on it is the cloud's. host_ip4 is this computer in it. */
enum cloud_network { CLOUD_NETWORK_SAME, CLOUD_NETWORK_TAKEN, CLOUD_NETWORK_OTHER };
bool cloud_take_network(struct home *home, const char *host_ip4, const char *host_nm4,
                        enum cloud_network *result, struct error *error);

bool cloud_create(const char *home_path, const struct cloud_options *options, struct error *error);

/* The checks of cloud_create(), for callers that create a cloud in another way. */
bool cloud_check_path(const char *home_path, struct error *error);
bool cloud_check_folder(const char *home_path, struct error *error);
/* Converts the options to a row, hashes included; creates nothing. Caller releases the cloud and
 * the inputs, which hold what is to be written beside the row. */
bool cloud_fill(const struct cloud_options *options, struct store_cloud *cloud,
                struct cloud_inputs *inputs, struct error *error);
