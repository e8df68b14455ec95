/* Additional users of every guest, beside cloudadmin and ansible: name and SSH public keys. */
#pragma once

#include "store/store.h"

#include <stddef.h>

struct store_user {
    char *name;            /* home/cloud/user.h */
    char *ssh_public_keys; /* "type base64" lines, at least one */
};
struct store_users {
    struct store_user *items;
    size_t count;
};

bool user_table_list(struct store *store, struct store_users *users,
                     struct error *error); /* by name */
bool user_table_put(struct store *store, const struct store_user *user, struct error *error);
bool user_table_remove(struct store *store, const char *name, struct error *error);
void store_user_done(struct store_user *user);
void store_users_done(struct store_users *users);
