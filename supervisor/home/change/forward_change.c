#include "home/change/forward_change.h"

#include "home/instance/forward.h"
#include "home/instance/regenerate.h"
#include "store/transaction.h"

static bool drop(struct store *store, const struct store_instance *instance, char *const *texts,
                 struct error *error) {
    struct store_forward forward = {.instance = instance->id};
    bool good = true, found = false;
    for (; good && *texts; texts++)
        good = forward_parse(*texts, &forward, error) &&
               forward_table_remove(store, &forward, &found, error) &&
               (found || error_set(error, ERROR_NOT_FOUND,
                                   "\"%s\" has no port forward %s: `pgsup forward list %s` shows "
                                   "all",
                                   instance->name, *texts, instance->name));
    store_forward_done(&forward);
    return good;
}

bool forward_add(struct home *home, const char *name, char *const *texts, struct error *error) {
    struct store_cloud cloud = {0};
    struct store_instance instance = {0};
    if (!store_begin(home->store, error))
        return false;
    bool good = instance_table_get(home->store, name, &instance, error) &&
                cloud_table_get(home->store, &cloud, error) &&
                forward_check(texts, &cloud, error) &&
                forward_claim(home->store, instance.id, texts, error) &&
                instance_regenerate(home, name, error) && store_commit(home->store, error);
    if (!good)
        instance_regenerate_undo(home, name);
    store_cloud_done(&cloud);
    store_instance_done(&instance);
    return good;
}

bool forward_remove(struct home *home, const char *name, char *const *texts, struct error *error) {
    struct store_instance instance = {0};
    if (!store_begin(home->store, error))
        return false;
    bool good = instance_table_get(home->store, name, &instance, error) &&
                drop(home->store, &instance, texts, error) &&
                instance_regenerate(home, name, error) && store_commit(home->store, error);
    if (!good)
        instance_regenerate_undo(home, name);
    store_instance_done(&instance);
    return good;
}
