#include "home/change/nic_change.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/facts.h"
#include "home/instance/nic.h"
#include "home/instance/regenerate.h"
#include "machine/core/spec.h"

#include <string.h>

/* The lowest one that is free; the list is in their order. */
static int free_position(const struct store_nics *nics) {
    int position = 1;
    for (size_t i = 0; i < nics->count; i++)
        if (nics->items[i].position == position)
            position++;
    return position;
}

static bool add_row(struct home *home, struct instance_facts *facts, void *context,
                    struct error *error) {
    const struct store_instance *instance = &facts->instance;
    struct store_nic *nic = context;
    if (facts->nics.count >= SPEC_ADDITIONAL_NICS_MAX)
        return error_set(error, ERROR_EXISTS,
                         "\"%s\" has %u network cards besides the first one, which is the maximum",
                         instance->name, SPEC_ADDITIONAL_NICS_MAX);
    return nic_reserve(home->store, instance, free_position(&facts->nics), nic, error);
}

bool nic_change_add(struct home_edit *edit, const char *text, struct store_nic *nic,
                    struct error *error) {
    const struct home_edit_change change = {.apply = add_row, .context = nic};
    return nic_parse(edit->home->store, text, nic, error) && home_edit(edit, &change, error);
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
                     "card 0 of \"%s\" is the first one, which belongs to the network of the "
                     "cloud: it cannot be removed",
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
    return error_set(error, ERROR_NOT_FOUND,
                     "\"%s\" has no network card \"%s\": `pgsup nic list %s` shows its cards with "
                     "position and MAC address",
                     instance->name, shown, instance->name);
}

struct removal {
    const char *which;
    struct store_nic *nic; /* that was removed */
};

static bool remove_row(struct home *home, struct instance_facts *facts, void *context,
                       struct error *error) {
    const struct removal *removal = context;
    return find(&facts->nics, &facts->instance, removal->which, removal->nic, error) &&
           nic_table_remove(home->store, facts->instance.id, removal->nic->position, error);
}

bool nic_change_remove(struct home_edit *edit, const char *which, struct store_nic *nic,
                       struct error *error) {
    struct removal removal = {which, nic};
    const struct home_edit_change change = {.apply = remove_row, .context = &removal};
    return home_edit(edit, &change, error);
}
