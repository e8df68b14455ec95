#include "home/change/nic_change.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/instance/nic.h"
#include "home/instance/regenerate.h"
#include "machine/core/spec.h"
#include "store/transaction.h"

#include <string.h>

/* The lowest one that is free; the list is in their order. */
static int free_position(const struct store_nics *nics) {
    int position = 1;
    for (size_t i = 0; i < nics->count; i++)
        if (nics->items[i].position == position)
            position++;
    return position;
}

static bool claim_next(struct store *store, const struct store_instance *instance,
                       struct store_nic *nic, struct error *error) {
    struct store_nics nics = {0};
    if (!nic_table_list(store, instance->id, &nics, error))
        return false;
    size_t count = nics.count;
    nic->instance = instance->id;
    nic->position = free_position(&nics);
    store_nics_done(&nics);
    if (count >= SPEC_ADDITIONAL_NICS_MAX)
        return error_set(error, ERROR_EXISTS,
                         "\"%s\" has %u network cards beside its first one, which is all it can "
                         "have",
                         instance->name, SPEC_ADDITIONAL_NICS_MAX);
    return nic_claim_one(store, instance, nic, error);
}

bool nic_add(struct home *home, const char *name, const char *text, struct store_nic *nic,
             struct error *error) {
    struct store_instance instance = {0};
    if (!nic_parse(text, nic, error) || !store_begin(home->store, error))
        return false;
    bool good = instance_table_get(home->store, name, &instance, error) &&
                claim_next(home->store, &instance, nic, error) &&
                instance_regenerate(home, name, error) && store_commit(home->store, error);
    if (!good)
        instance_regenerate_undo(home, name);
    store_instance_done(&instance);
    return good;
}

static bool is_meant(const struct store_nic *nic, const char *which) {
    scoped(alloc_release) char *mac = NULL;
    uint64_t position;
    if (name_parse_number(which, 0, SPEC_ADDITIONAL_NICS_MAX, &position))
        return nic->position == (int)position;
    return nic_parse_mac(which, &mac) && strcmp(mac, nic->mac) == 0;
}

static bool fail_first(const struct store_instance *instance, struct error *error) {
    return error_set(error, ERROR_INVALID,
                     "card 0 of \"%s\" is its first one, in the network of the cloud: it cannot be "
                     "removed",
                     instance->name);
}

/* Moves the card that is meant out of the list. */
static bool find(struct store_nics *nics, const struct store_instance *instance, const char *which,
                 struct store_nic *nic, struct error *error) {
    const struct store_nic first = {.position = 0, .mac = instance->mac};
    if (is_meant(&first, which))
        return fail_first(instance, error);
    for (size_t i = 0; i < nics->count; i++)
        if (is_meant(&nics->items[i], which)) {
            *nic = nics->items[i];
            nics->items[i] = (struct store_nic){0};
            return true;
        }
    scoped(alloc_release) char *shown = name_printable(which, strlen(which), 40);
    return error_set(
        error, ERROR_NOT_FOUND,
        "\"%s\" has no network card \"%s\": `pgsup nic list %s` shows all, by position "
        "and MAC address",
        instance->name, shown, instance->name);
}

static bool take_out(struct home *home, const struct store_instance *instance, const char *which,
                     struct store_nic *nic, struct error *error) {
    struct store_nics nics = {0};
    bool good = nic_table_list(home->store, instance->id, &nics, error) &&
                find(&nics, instance, which, nic, error) &&
                nic_table_remove(home->store, instance->id, nic->position, error);
    store_nics_done(&nics);
    return good;
}

bool nic_remove(struct home *home, const char *name, const char *which, struct store_nic *nic,
                struct error *error) {
    struct store_instance instance = {0};
    if (!store_begin(home->store, error))
        return false;
    bool good = instance_table_get(home->store, name, &instance, error) &&
                take_out(home, &instance, which, nic, error) &&
                instance_regenerate(home, name, error) && store_commit(home->store, error);
    if (!good)
        instance_regenerate_undo(home, name);
    store_instance_done(&instance);
    return good;
}
