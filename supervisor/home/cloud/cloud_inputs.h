/* What a person gives for a cloud in files, read and checked once, before anything is locked or
 * changed: keys, users, the password's hash. A key of which no file lasts (a pipe, standard input)
 * is kept in the home: ssh-keys/private, dns/key. {0} is empty. */
#pragma once

#include "base/error.h"
#include "home/cloud/dns_settings.h"
#include "home/cloud/network_settings.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/user_table.h"

enum cloud_switch { CLOUD_SWITCH_AS_IT_IS, CLOUD_SWITCH_ON, CLOUD_SWITCH_OFF };

struct cloud_choices {
    enum cloud_switch package_upgrade, auto_up;
    const char *trash_days; /* NULL: as it is */
};

struct cloud_changes { /* NULL: stays as it is */
    const char *admin_password;
    bool remove_admin_password;
    const char *const *ssh_public_keys; /* instead of those before */
    const char *ssh_private_key;        /* "": none is named */
    const char *ssh_user;               /* whom ssh logs in as; "": ansible */
    bool new_ssh_key;                   /* made, and kept in the home; instead of those two */
    char *const *users, *const *removed_users;
    const char *phone_home_port; /* guests that run keep the one that they were started with */
    struct dns_settings dns;
    struct cloud_choices choices;
    struct network_settings network;
    const char *lab; /* network of the home that each new instance gets a card in; "": none */
    char **found;    /* of network_settings_apply() */
    /* What else changes with it, in the same transaction; NULL: nothing. */
    bool (*follow)(struct home *home, const struct store_cloud *cloud, void *context,
                   struct error *error);
    void *context;
};

struct cloud_inputs {
    struct store_cloud cloud; /* password hash and keys only */
    struct store_users users;
    struct buffer private_key, dns_key; /* to be kept in the home; secrets */
    struct dns_settings dns;            /* with the path that the key will have */
    char *dns_key_path;
};
void cloud_inputs_done(struct cloud_inputs *inputs); /* wipes the secrets */

/* home_path: where keys will be kept. */
bool cloud_inputs_read(const struct cloud_changes *given, const char *home_path,
                       struct cloud_inputs *inputs, struct error *error);
/* Moves what was given to the cloud. */
void cloud_inputs_apply(struct cloud_inputs *inputs, struct store_cloud *cloud);
bool cloud_inputs_choose(const struct cloud_choices *choices, struct store_cloud *cloud,
                         struct error *error);
bool cloud_inputs_put_users(const struct cloud_inputs *inputs, struct store *store,
                            struct error *error);
/* Writes the keys that are kept. */
bool cloud_inputs_keep(const struct cloud_inputs *inputs, const struct home *home,
                       struct error *error);
/* Removes them from a home that could not be made. */
void cloud_inputs_take_back(const struct home *home);
