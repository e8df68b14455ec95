#include "home/instance/lab_nic.h"

#include "base/alloc.h"
#include "home/instance/nic.h"
#include "home/network/members.h"

#include <string.h>

static bool is_in(const struct store_nics *nics, int64_t network) {
    for (size_t i = 0; i < nics->count; i++)
        if (nics->items[i].network == network)
            return true;
    return false;
}

static bool put_first(struct store *store, const struct store_network *lab, struct store_nics *nics,
                      struct error *error) {
    struct store_nic nic = {0};
    bool good =
        nics->count < SPEC_ADDITIONAL_NICS_MAX
            ? nic_parse(store, lab->name, &nic, error)
            : error_set(error, ERROR_INVALID, "an instance has at most %u such network cards",
                        SPEC_ADDITIONAL_NICS_MAX);
    if (!good) {
        store_nic_done(&nic);
        return error_prefix(error, "the card in \"%s\", which --no-lab leaves out", lab->name);
    }
    nics->items = alloc_resize(nics->items, (nics->count + 1) * sizeof *nics->items);
    memmove(nics->items + 1, nics->items, nics->count++ * sizeof *nics->items);
    nics->items[0] = nic;
    return true;
}

bool lab_nic_add(struct store *store, struct store_nics *nics, struct error *error) {
    struct store_network lab = {0};
    bool has_room = false;
    bool good = network_table_get_lab(store, &lab, error);
    if (good && lab.id && !is_in(nics, lab.id))
        good = members_has_room(store, &lab, &has_room, error) &&
               (!has_room || put_first(store, &lab, nics, error));
    store_network_done(&lab);
    return good;
}

bool lab_nic_is_full(struct store *store, struct store_network *lab, bool *is_full,
                     struct error *error) {
    bool has_room = true;
    bool good = network_table_get_lab(store, lab, error) &&
                (!lab->id || members_has_room(store, lab, &has_room, error));
    *is_full = !has_room;
    return good;
}
