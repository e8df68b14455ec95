#include "user_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

bool user_table_list(struct store *store, struct store_users *users, struct error *error) {
    struct query query;
    if (!query_open(store, USER_LIST, &query, error))
        return false;
    while (query_row(&query, error)) {
        users->items = alloc_resize(users->items, (users->count + 1) * sizeof *users->items);
        struct store_user *user = &users->items[users->count++];
        user->name = query_column_text(&query);
        user->ssh_public_keys = query_column_text(&query);
    }
    if (query_close(&query))
        return true;
    store_users_done(users);
    return false;
}

bool user_table_put(struct store *store, const struct store_user *user, struct error *error) {
    struct query query;
    if (!query_open(store, USER_PUT, &query, error))
        return false;
    query_bind_text(&query, user->name);
    query_bind_text(&query, user->ssh_public_keys);
    return query_finish(&query, error);
}

bool user_table_remove(struct store *store, const char *name, struct error *error) {
    struct query query;
    if (!query_open(store, USER_REMOVE, &query, error))
        return false;
    query_bind_text(&query, name);
    if (!query_finish(&query, error))
        return false;
    return query_changes(store) > 0 ||
           error_set(error, ERROR_NOT_FOUND,
                     "there is no user \"%s\" to remove: `pgsup cloud get` shows all", name);
}

void store_user_done(struct store_user *user) {
    free(user->name);
    free(user->ssh_public_keys);
    *user = (struct store_user){0};
}

void store_users_done(struct store_users *users) {
    for (size_t i = 0; i < users->count; i++)
        store_user_done(&users->items[i]);
    free(users->items);
    *users = (struct store_users){0};
}
