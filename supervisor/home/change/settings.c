#include "home/change/settings.h"

#include "base/alloc.h"
#include "home/change/nic_change.h"
#include "home/facts.h"
#include "home/instance/backup_period.h"
#include "home/instance/definition.h"
#include "home/instance/identity.h"
#include "home/instance/regenerate.h"
#include "home/instance/startup.h"
#include "home/layout.h"
#include "home/seed/seed_carry.h"
#include "home/seed/user_document.h"
#include "home/snapshot/suspension.h"
#include "store/guest_table.h"
#include "store/launch_table.h"

#include <string.h>

static bool put_documents(const struct home *home, const char *name,
                          const struct user_documents *own, struct user_documents *before,
                          struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    return user_documents_put(home, folder, own, before, error);
}

/* Edited meta-data stays as it is but for the id. */
static bool rerun(struct home *home, struct store_instance *instance, struct error *error) {
    scoped(alloc_release) char *documents = layout_file(home, instance->name, LAYOUT_DOCUMENTS);
    struct store_instance before = *instance;
    before.instance_id = alloc_string(instance->instance_id);
    identity_new_id(instance);
    const struct seed_carry carry = {home, &before, instance, documents};
    bool good = instance_table_set_identity(home->store, instance, error) &&
                seed_carry(&carry, SEED_META_DATA, error);
    alloc_release(&before.instance_id);
    return good;
}

/* user-data made for HTTP tells a guest to trust its cache, and it does from its first boot on. */
static bool remember_trust(struct store *store, const struct store_instance *instance,
                           bool was_http, struct error *error) {
    struct store_launch launch = {0};
    if (!was_http || instance->seed == STORE_SEED_HTTP)
        return true;
    bool booted = launch_table_last(store, instance->id, &launch, NULL);
    store_launch_done(&launch);
    return !booted || guest_table_set_trust(store, instance->id, true, error);
}

struct wanted {
    const struct instance_change_options *options;
    const char *name;             /* of the instance */
    struct user_documents before; /* those that were replaced */
};

static bool check_unique(struct home *home, const struct instance_facts *facts, uint16_t old_port,
                         const struct instance_change_options *options, struct error *error) {
    const struct store_instance *instance = &facts->instance;
    return (!options->ip4 ||
            definition_check_address(home->store, &facts->cloud, instance, error)) &&
           (instance->ssh_port == old_port ||
            definition_check_port(home->store, instance->ssh_port, error));
}

/* Only when one of the two changes. */
static bool check_network(const struct home *home, const struct instance_facts *facts,
                          const struct instance_change_options *options, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, facts->instance.name);
    bool changes = options->seed || (options->own && options->own->given[SEED_NETWORK_CONFIG]);
    return !changes || !user_document_has_network(folder, options->own) ||
           definition_check_network(&facts->instance, &facts->image, error);
}

/* Only that version loads its memory, and nothing else would record it. */
static bool check_machine(const struct home *home, const struct instance_change_options *options,
                          const char *name, struct error *error) {
    return !options->machine_update || suspension_check_none(home, name, error);
}

static bool apply(struct home *home, struct instance_facts *facts, void *context,
                  struct error *error) {
    struct wanted *wanted = context;
    const struct instance_change_options *options = wanted->options;
    struct store_instance *instance = &facts->instance;
    uint16_t port = instance->ssh_port;
    bool was_http = instance->seed == STORE_SEED_HTTP;
    return definition_change(options, &facts->cloud, &facts->image, instance, error) &&
           check_unique(home, facts, port, options, error) &&
           check_network(home, facts, options, error) &&
           check_machine(home, options, instance->name, error) &&
           (!options->nics || nic_change_all(home, facts, options->nics, error)) &&
           startup_apply(home->store, &options->startup, instance, error) &&
           backup_period_apply(home, &options->backups, instance->id, error) &&
           snapshot_schedule_apply(&options->snapshots, instance, error) &&
           definition_apply_ansible(&options->ansible, instance, error) &&
           instance_table_update(home->store, instance, error) &&
           instance_table_set_holds_playbook(home->store, instance->id, instance->holds_playbook,
                                             error) &&
           (!options->machine_update ||
            instance_table_set_machine(home->store, instance->id, NULL, error)) &&
           remember_trust(home->store, instance, was_http, error) &&
           (!options->rerun || rerun(home, instance, error)) &&
           (!options->own ||
            put_documents(home, wanted->name, options->own, &wanted->before, error));
}

static void undo(const struct home *home, void *context) {
    const struct wanted *wanted = context;
    put_documents(home, wanted->name, &wanted->before, NULL, NULL);
}

bool settings_change(struct home_edit *edit, const struct instance_change_options *options,
                     struct error *error) {
    struct wanted wanted = {.options = options, .name = edit->instance};
    const struct home_edit_change change = {apply, undo, &wanted};
    bool good = home_edit(edit, &change, error);
    user_documents_done(&wanted.before);
    return good;
}
