#include "home/change/nic_change.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/facts.h"
#include "home/instance/nic.h"
#include "home/instance/nic_reserve.h"
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

/* --- all of them --- */

enum likeness { LIKE_SAME, LIKE_NETWORK, LIKE_ANY, LIKENESS_COUNT };

struct new_cards {
    const struct store_nics *has;
    struct store_nics wanted;
    const struct store_nic *before[SPEC_ADDITIONAL_NICS_MAX]; /* of each wanted; NULL: it is new */
};

static bool same_text(const char *one, const char *other) {
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* One that does not say its address in a network keeps the one that it has. */
static bool same_address(const struct store_nic *wanted, const struct store_nic *has) {
    if (!wanted->ip4 || !has->ip4)
        return wanted->network != 0 || wanted->ip4 == has->ip4;
    size_t length = strcspn(wanted->ip4, "/");
    return strcspn(has->ip4, "/") == length && strncmp(wanted->ip4, has->ip4, length) == 0;
}

static bool is_like(const struct store_nic *wanted, const struct store_nic *has,
                    enum likeness likeness) {
    bool network = wanted->network == has->network &&
                   (wanted->network || (same_text(wanted->kind, has->kind) &&
                                        same_text(wanted->interface, has->interface)));
    bool mac = !wanted->mac || same_text(wanted->mac, has->mac);
    return likeness == LIKE_ANY ||
           (network && (likeness == LIKE_NETWORK || (mac && same_address(wanted, has))));
}

static bool is_kept_already(const struct new_cards *cards, const struct store_nic *has) {
    for (size_t i = 0; i < cards->wanted.count; i++)
        if (cards->before[i] == has)
            return true;
    return false;
}

static const struct store_nic *find_like(const struct new_cards *cards,
                                         const struct store_nic *wanted, enum likeness likeness) {
    for (size_t i = 0; i < cards->has->count; i++)
        if (!is_kept_already(cards, &cards->has->items[i]) &&
            is_like(wanted, &cards->has->items[i], likeness))
            return &cards->has->items[i];
    return NULL;
}

static bool is_unchanged(const struct new_cards *cards, const struct store_nic *has) {
    for (size_t i = 0; i < cards->wanted.count; i++)
        if (cards->before[i] == has)
            return is_like(&cards->wanted.items[i], has, LIKE_SAME);
    return false;
}

static bool remove_changed(struct store *store, const struct new_cards *cards,
                           struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < cards->has->count; i++) {
        const struct store_nic *has = &cards->has->items[i];
        good = is_unchanged(cards, has) ||
               nic_table_remove(store, has->instance, has->position, error);
    }
    return good;
}

static void keep_of(const struct store_nic *before, struct store_nic *wanted) {
    wanted->position = before->position;
    if (!wanted->mac)
        wanted->mac = alloc_string(before->mac);
    if (!wanted->network || wanted->network != before->network)
        return;
    alloc_replace(&wanted->interface, alloc_string(before->interface));
    if (!wanted->ip4)
        wanted->ip4 = alloc_string(before->ip4);
}

static bool has_position(const struct store_nics *nics, int position) {
    for (size_t i = 0; i < nics->count; i++)
        if (nics->items[i].position == position)
            return true;
    return false;
}

/* What is changed stays in its position; a new one gets the lowest free. */
static void place_cards(struct new_cards *cards) {
    int next = 0;
    for (size_t i = 0; i < cards->wanted.count; i++)
        if (cards->before[i])
            keep_of(cards->before[i], &cards->wanted.items[i]);
    for (size_t i = 0; i < cards->wanted.count; i++)
        while (!cards->wanted.items[i].position)
            if (!has_position(&cards->wanted, ++next))
                cards->wanted.items[i].position = next;
}

/* First those that say their address: another one would get the lowest that is free. */
static bool put_cards(struct store *store, const struct store_instance *instance,
                      struct new_cards *cards, struct error *error) {
    bool good = true, drawn[SPEC_ADDITIONAL_NICS_MAX];
    for (size_t i = 0; i < cards->wanted.count; i++)
        drawn[i] = !cards->wanted.items[i].ip4;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; good && i < cards->wanted.count; i++) {
            struct store_nic *wanted = &cards->wanted.items[i];
            if (drawn[i] == (pass == 1) &&
                !(cards->before[i] && is_unchanged(cards, cards->before[i])))
                good = nic_reserve(store, instance, wanted->position, wanted, error);
        }
    return good;
}

/* One that says its address or MAC address is that one, whatever stands before it. */
static void match_cards(struct new_cards *cards) {
    for (enum likeness each = LIKE_SAME; each < LIKENESS_COUNT; each++)
        for (int pass = 0; pass < 2; pass++)
            for (size_t i = 0; i < cards->wanted.count; i++) {
                const struct store_nic *wanted = &cards->wanted.items[i];
                if (!cards->before[i] && (wanted->ip4 || wanted->mac) == (pass == 0))
                    cards->before[i] = find_like(cards, wanted, each);
            }
}

bool nic_change_all(struct home *home, const struct instance_facts *facts, char *const *texts,
                    struct error *error) {
    struct new_cards cards = {.has = &facts->nics};
    bool none = texts[0] && !*texts[0] && !texts[1];
    bool good = none || nic_parse_all(home->store, texts, &cards.wanted, error);
    if (good)
        match_cards(&cards);
    good = good && remove_changed(home->store, &cards, error);
    if (good)
        place_cards(&cards);
    good = good && put_cards(home->store, &facts->instance, &cards, error);
    store_nics_done(&cards.wanted);
    return good;
}

/* --- one --- */

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
