#include "home/lab/lab_release.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/change/forward_change.h"
#include "home/change/nic_change.h"
#include "home/change/settings.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"
#include "home/instance/port_owners.h"
#include "home/lab/lab_claims.h"
#include "home/lab/lab_compare.h"

#include <string.h>

static void tell_freed(struct lab_release *release, const char *what, const char *value) {
    buffer_printf(&release->detail, "%s%s %s", release->detail.length ? ", " : "", what, value);
}

/* --- what other instances of the file ask for --- */

typedef bool asks(const struct lab_instance *instance, const void *what);

static bool another_asks(const struct lab_options *options, asks *question, const void *what) {
    const struct lab *lab = options->lab;
    for (size_t i = 0; i < lab->instance_count; i++)
        if (&lab->instances[i] != options->instance && question(&lab->instances[i], what))
            return true;
    return false;
}

static bool asks_card(const struct lab_instance *instance, const void *nic) {
    return lab_claims_card(instance, nic);
}

static bool asks_port(const struct lab_instance *instance, const void *port) {
    return lab_claims_port(instance, port);
}

static bool asks_address(const struct lab_instance *instance, const void *ip4) {
    const char *asked = lab_text(&instance->values[LAB_IP]);
    return asked && strcmp(asked, ip4) == 0;
}

/* --- what it gives up --- */

static void find_cards(const struct instance_facts *facts, const struct lab_options *options,
                       const struct strv *removed, struct lab_release *release) {
    for (size_t i = 0; i < facts->nics.count; i++) {
        const struct store_nic *nic = &facts->nics.items[i];
        scoped(alloc_release) char *position = alloc_printf("%d", nic->position);
        scoped(alloc_release) char *text = nic_text(nic);
        if (!strv_has(removed, position) || !another_asks(options, asks_card, nic))
            continue;
        strv_push(&release->nics, position);
        tell_freed(release, "card", text);
    }
}

static bool find_forwards(const struct lab_options *options, const struct strv *removed,
                          struct lab_release *release, struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < removed->count; i++) {
        struct store_forward forward = {0};
        good = forward_parse(removed->items[i], &forward, error);
        const struct port port = {.number = forward.host_port, .transport = forward.transport};
        if (good && another_asks(options, asks_port, &port)) {
            strv_push(&release->forwards, removed->items[i]);
            tell_freed(release, "forward", removed->items[i]);
        }
        store_forward_done(&forward);
    }
    return good;
}

static void find_settings(const struct instance_facts *facts, const struct lab_options *options,
                          struct lab_release *release) {
    const struct store_instance *instance = &facts->instance;
    const char *wanted = options->change.ip4, *wanted_port = options->change.ssh_port;
    const struct port port = {.number = instance->ssh_port, .transport = TRANSPORT_TCP};
    scoped(alloc_release) char *text = alloc_printf("%u", instance->ssh_port);
    release->address = wanted && instance->ip4 && strcmp(wanted, instance->ip4) != 0 &&
                       another_asks(options, asks_address, instance->ip4);
    release->ssh_port = wanted_port && port.number && strcmp(wanted_port, text) != 0 &&
                        another_asks(options, asks_port, &port);
    if (release->address)
        tell_freed(release, "ip", instance->ip4);
    if (release->ssh_port)
        tell_freed(release, "ssh-port", text);
}

static bool find_all(struct home *home, const struct instance_facts *facts,
                     const struct lab_options *options, struct lab_release *release,
                     struct error *error) {
    struct lab_difference difference = {0};
    bool good = lab_compare_connections(home, facts, options, &difference, error) &&
                find_forwards(options, &difference.removed_forwards, release, error);
    if (good) {
        find_cards(facts, options, &difference.removed_nics, release);
        find_settings(facts, options, release);
    }
    lab_difference_done(&difference);
    return good;
}

bool lab_release_find(struct home *home, struct lab_options *options, struct lab_release *release,
                      struct error *error) {
    struct instance_facts facts = {0};
    bool good =
        lab_options_load(home, options, &facts, error) &&
        (find_all(home, &facts, options, release, error) || lab_options_fail(options, error));
    instance_facts_done(&facts);
    return good;
}

/* --- giving it up --- */

/* An SSH port that nobody asks for; caller frees. */
static char *draw_port(struct store *store, struct error *error) {
    struct port_owners owners = {0};
    uint16_t port = 0;
    if (port_owners_list(store, &owners, error))
        port = port_owners_choose(0, &owners, error);
    port_owners_done(&owners);
    return port ? alloc_printf("%u", port) : NULL;
}

static bool change_settings(struct home_edit *edit, const struct lab_release *release,
                            struct error *error) {
    scoped(alloc_release) char *port = NULL;
    struct instance_change_options change = {.ip4 = release->address ? "" : NULL};
    if (!release->address && !release->ssh_port)
        return true;
    if (release->ssh_port && !(port = draw_port(edit->home->store, error)))
        return false;
    change.ssh_port = port;
    change.ssh_port_drawn = true;
    return settings_change(edit, &change, error);
}

bool lab_release_apply(struct home_edit *edit, const struct lab_release *release,
                       struct error *error) {
    bool good = change_settings(edit, release, error);
    for (size_t i = 0; good && i < release->nics.count; i++) {
        struct store_nic nic = {0};
        good = nic_change_remove(edit, release->nics.items[i], &nic, error);
        store_nic_done(&nic);
    }
    return good && (!release->forwards.count ||
                    forward_change_remove(edit, release->forwards.items, error));
}

void lab_release_done(struct lab_release *release) {
    strv_done(&release->nics);
    strv_done(&release->forwards);
    buffer_done(&release->detail);
}
