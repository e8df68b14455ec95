#include "home/lab/lab_change.h"

#include "base/alloc.h"
#include "home/change/disk_change.h"
#include "home/change/forward_change.h"
#include "home/change/nic_change.h"
#include "home/change/settings.h"

#include <string.h>

static bool add_disks(struct home_edit *edit, char *const *disks, struct error *error) {
    for (; disks && *disks; disks++) {
        scoped(alloc_release) char *name = alloc_slice(*disks, strcspn(*disks, "="));
        if (!disk_change_add(edit, name, *disks + strlen(name) + 1, error))
            return error_about(error, "disks");
    }
    return true;
}

bool lab_change_complete(struct home_edit *edit, const struct lab_options *options,
                         struct error *error) {
    const struct instance_change_options change = {.backups = options->change.backups,
                                                   .snapshots = options->change.snapshots};
    bool is_copied =
        backup_period_any(&change.backups) || change.snapshots.every || change.snapshots.keep;
    return add_disks(edit, lab_list(&options->instance->values[LAB_DISKS]), error) &&
           (!is_copied || settings_change(edit, &change, error));
}

static bool says_address(const char *card) {
    return strstr(card, ",ip=") != NULL;
}

/* Those that say their address come first: another one would get the lowest that is free. */
static bool add_nics(struct home_edit *edit, const struct strv *cards, struct error *error) {
    bool good = true;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; good && i < cards->count; i++) {
            struct store_nic nic = {0};
            good = says_address(cards->items[i]) != (pass == 0) ||
                   nic_change_add(edit, cards->items[i], &nic, error);
            store_nic_done(&nic);
        }
    return good;
}

static bool change_nics(struct home_edit *edit, const struct lab_difference *difference,
                        struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < difference->removed_nics.count; i++) {
        struct store_nic nic = {0};
        good = nic_change_remove(edit, difference->removed_nics.items[i], &nic, error);
        store_nic_done(&nic);
    }
    good = good && add_nics(edit, &difference->added_nics, error);
    return good || error_about(error, "nics");
}

static bool change_forwards(struct home_edit *edit, const struct lab_difference *difference,
                            struct error *error) {
    const struct strv *removed = &difference->removed_forwards,
                      *added = &difference->added_forwards;
    bool good = (!removed->count || forward_change_remove(edit, removed->items, error)) &&
                (!added->count || forward_change_add(edit, added->items, error));
    return good || error_about(error, "forwards");
}

static bool change_disks(struct home_edit *edit, const struct strv *disks, struct error *error) {
    for (size_t i = 0; i + 1 < disks->count; i += 2)
        if (!disk_change_add(edit, disks->items[i], disks->items[i + 1], error))
            return error_about(error, "disks");
    return true;
}

static bool change_settings(struct home_edit *edit, const struct lab_options *options,
                            const struct lab_difference *difference, struct error *error) {
    struct instance_change_options change = options->change;
    if (difference->documents && !edit->rehearses)
        change.own = &options->own;
    return (!difference->settings && !difference->documents) ||
           settings_change(edit, &change, error);
}

bool lab_change_apply(struct home_edit *edit, const struct lab_options *options,
                      const struct lab_difference *difference, struct error *error) {
    return change_settings(edit, options, difference, error) &&
           change_nics(edit, difference, error) && change_forwards(edit, difference, error) &&
           change_disks(edit, &difference->added_disks, error);
}
