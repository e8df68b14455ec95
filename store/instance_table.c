#include "instance_table.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

static const char *const seed_words[] = {
    [STORE_SEED_HTTP] = "http", [STORE_SEED_DRIVE] = "drive", [STORE_SEED_BOTH] = "both"};
static const char *const host_keys_words[] = {
    [STORE_HOST_KEYS_GUEST] = "guest", [STORE_HOST_KEYS_PRESEED] = "preseed"};
static const char *const restart_words[] = {[STORE_RESTART_NO] = "no",
                                            [STORE_RESTART_ON_FAILURE] = "on-failure",
                                            [STORE_RESTART_ALWAYS] = "always"};

const struct word_set store_seed_words = WORD_SET(seed_words);
const struct word_set store_host_keys_words = WORD_SET(host_keys_words);
const struct word_set store_restart_words = WORD_SET(restart_words);

const char *store_seed_word(enum store_seed seed) {
    return seed_words[seed];
}

const char *store_host_keys_word(enum store_host_keys host_keys) {
    return host_keys_words[host_keys];
}

const char *store_restart_word(enum store_restart restart) {
    return restart_words[restart];
}

static void instance_read_row(struct query *query, struct store_instance *instance) {
    instance->id = query_column_number(query);
    char **const texts[] = {&instance->name,  &instance->instance_id, &instance->uuid,
                            &instance->token, &instance->mac,         &instance->image,
                            &instance->arch};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = query_column_text(query);
    instance->seed = (enum store_seed)query_column_word(query, &store_seed_words, STORE_SEED_DRIVE);
    instance->ip4 = query_column_text(query);
    instance->accel = query_column_text(query);
    instance->vcpu = (uint64_t)query_column_number(query);
    instance->ram_mib = (uint64_t)query_column_number(query);
    instance->disk_bytes = (uint64_t)query_column_number(query);
    instance->ssh_port = (uint16_t)query_column_number(query);
    instance->package_upgrade = query_column_number(query) != 0;
    instance->autostart = query_column_number(query) != 0;
    instance->restart =
        (enum store_restart)query_column_word(query, &store_restart_words, STORE_RESTART_NO);
    instance->after = query_column_text(query);
    instance->wanted = query_column_number(query) != 0;
    instance->created_ms = query_column_number(query);
    instance->host_keys = (enum store_host_keys)query_column_word(query, &store_host_keys_words,
                                                                  STORE_HOST_KEYS_GUEST);
    instance->phone_home_token = query_column_text(query);
    instance->report_token = query_column_text(query);
    instance->holds_playbook = query_column_number(query) != 0;
    instance->ssh_port_given = query_column_number(query) != 0;
    instance->groups = query_column_text(query);
    instance->variables = query_column_text(query);
    instance->nested = query_column_number(query) != 0;
    instance->machine = query_column_text(query);
    instance->snapshot_every_s = (uint64_t)query_column_number(query);
    instance->snapshot_keep = (uint64_t)query_column_number(query);
}

static void instance_read_brief(struct query *query, struct store_instance *instance) {
    *instance = (struct store_instance){0};
    instance->id = query_column_number(query);
    instance->name = query_column_text(query);
    instance->image = query_column_text(query);
    instance->ip4 = query_column_text(query);
    instance->vcpu = (uint64_t)query_column_number(query);
    instance->ram_mib = (uint64_t)query_column_number(query);
    instance->disk_bytes = (uint64_t)query_column_number(query);
    instance->ssh_port = (uint16_t)query_column_number(query);
}

bool store_instance_uses_dhcp(const struct store_instance *instance) {
    return !instance->ip4 && instance->ssh_port == 0;
}

bool instance_table_next_id(struct store *store, int64_t *id, struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_NEXT_ID, &query, error))
        return false;
    if (query_row(&query, error))
        *id = query_column_number(&query);
    return query_close(&query);
}

/* What an update may change too, in the order of both statements: accel to restart, after. */
static void bind_settings(struct query *query, const struct store_instance *instance) {
    query_bind_text(query, instance->accel);
    query_bind_number(query, (int64_t)instance->vcpu);
    query_bind_number(query, (int64_t)instance->ram_mib);
    query_bind_number(query, (int64_t)instance->disk_bytes);
    query_bind_number(query, instance->ssh_port);
    query_bind_number(query, instance->package_upgrade);
    query_bind_number(query, instance->autostart);
    query_bind_text(query, store_restart_word(instance->restart));
    query_bind_text(query, instance->after);
    query_bind_number(query, instance->wanted);
}

bool instance_table_add(struct store *store, const struct store_instance *instance,
                        struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_ADD, &query, error))
        return false;
    const char *const texts[] = {instance->name,
                                 instance->instance_id,
                                 instance->uuid,
                                 instance->token,
                                 instance->mac,
                                 instance->image,
                                 store_seed_word(instance->seed),
                                 instance->ip4};
    query_bind_number(&query, instance->id);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        query_bind_text(&query, texts[i]);
    bind_settings(&query, instance);
    query_bind_number(&query, instance->created_ms);
    query_bind_text(&query, store_host_keys_word(instance->host_keys));
    query_bind_text(&query, instance->phone_home_token);
    query_bind_text(&query, instance->report_token);
    query_bind_number(&query, instance->holds_playbook);
    query_bind_number(&query, instance->ssh_port_given);
    query_bind_text(&query, instance->groups);
    query_bind_text(&query, instance->variables);
    query_bind_number(&query, instance->nested);
    query_bind_number(&query, (int64_t)instance->snapshot_every_s);
    query_bind_number(&query, (int64_t)instance->snapshot_keep);
    query_bind_text(&query, instance->machine);
    return query_finish(&query, error);
}

static bool get(struct query *query, const char *key, struct store_instance *instance, bool *found,
                struct error *error) {
    query_bind_text(query, key);
    *found = query_row(query, error);
    if (*found)
        instance_read_row(query, instance);
    return query_close(query);
}

bool instance_table_fail_absent(struct store *store, const char *name, struct error *error) {
    struct store_instances all = {0};
    struct nearest nearest;
    nearest_init(&nearest, name, strlen(name));
    instance_table_list(store, &all, NULL);
    for (size_t i = 0; i < all.count; i++)
        nearest_offer(&nearest, all.items[i].name);
    if (nearest.best)
        error_set(error, ERROR_NOT_FOUND, "no instance \"%s\": did you mean \"%s\"?", name,
                  nearest.best);
    else
        error_set(error, ERROR_NOT_FOUND, "no instance \"%s\": `pgsup list` shows all", name);
    store_instances_done(&all);
    return false;
}

bool instance_table_has(struct store *store, const char *name, bool *found, struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_GET, &query, error))
        return false;
    query_bind_text(&query, name);
    *found = query_row(&query, error);
    return query_close(&query);
}

bool instance_table_get(struct store *store, const char *name, struct store_instance *instance,
                        struct error *error) {
    struct query query;
    bool found;
    if (!query_open(store, INSTANCE_GET, &query, error) ||
        !get(&query, name, instance, &found, error))
        return false;
    return found || instance_table_fail_absent(store, name, error);
}

/* The token is a secret: no sentence shows it. */
static bool get_by_secret(struct store *store, enum statement statement, const char *token,
                          struct store_instance *instance, struct error *error) {
    struct query query;
    bool found;
    if (!query_open(store, statement, &query, error) ||
        !get(&query, token, instance, &found, error))
        return false;
    return found || error_set(error, ERROR_NOT_FOUND, "no instance has this seed path");
}

bool instance_table_get_by_token(struct store *store, const char *token,
                                 struct store_instance *instance, struct error *error) {
    return get_by_secret(store, INSTANCE_GET_BY_TOKEN, token, instance, error);
}

bool instance_table_get_by_phone_home_token(struct store *store, const char *token,
                                            struct store_instance *instance, struct error *error) {
    return get_by_secret(store, INSTANCE_GET_BY_PHONE_HOME_TOKEN, token, instance, error);
}

static bool list_by(struct store *store, enum statement statement,
                    struct store_instances *instances, struct error *error) {
    struct query query;
    if (!query_open(store, statement, &query, error))
        return false;
    for (size_t room = instances->count; query_row(&query, error);) {
        if (instances->count == room) {
            room = room ? 2 * room : 8;
            instances->items = alloc_resize(instances->items, room * sizeof *instances->items);
        }
        struct store_instance *instance = &instances->items[instances->count++];
        if (statement == INSTANCE_LIST_BRIEF)
            instance_read_brief(&query, instance);
        else
            instance_read_row(&query, instance);
    }
    if (query_close(&query))
        return true;
    store_instances_done(instances);
    return false;
}

bool instance_table_list(struct store *store, struct store_instances *instances,
                         struct error *error) {
    return list_by(store, INSTANCE_LIST, instances, error);
}

bool instance_table_list_named(struct store *store, const char *name,
                               struct store_instances *instances, struct error *error) {
    struct store_instance *one = name ? alloc_zero(sizeof *one) : NULL;
    if (!one)
        return instance_table_list(store, instances, error);
    if (!instance_table_get(store, name, one, error)) {
        free(one);
        return false;
    }
    *instances = (struct store_instances){one, 1};
    return true;
}

bool instance_table_list_brief(struct store *store, struct store_instances *instances,
                               struct error *error) {
    return list_by(store, INSTANCE_LIST_BRIEF, instances, error);
}

bool instance_table_list_restarted(struct store *store, struct store_instances *instances,
                                   struct error *error) {
    return list_by(store, INSTANCE_LIST_RESTARTED, instances, error);
}

static bool changed_one(struct store *store, struct error *error) {
    return query_changes(store) > 0 ||
           error_set(error, ERROR_NOT_FOUND, "the instance is not in the store any more");
}

bool instance_table_update(struct store *store, const struct store_instance *instance,
                           struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_UPDATE, &query, error))
        return false;
    query_bind_number(&query, instance->id);
    query_bind_text(&query, instance->name);
    query_bind_text(&query, store_seed_word(instance->seed));
    query_bind_text(&query, instance->ip4);
    bind_settings(&query, instance);
    query_bind_number(&query, instance->ssh_port_given);
    query_bind_text(&query, instance->groups);
    query_bind_text(&query, instance->variables);
    query_bind_number(&query, instance->nested);
    query_bind_number(&query, (int64_t)instance->snapshot_every_s);
    query_bind_number(&query, (int64_t)instance->snapshot_keep);
    return query_finish(&query, error) && changed_one(store, error);
}

bool instance_table_set_identity(struct store *store, const struct store_instance *instance,
                                 struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_SET_IDENTITY, &query, error))
        return false;
    query_bind_number(&query, instance->id);
    query_bind_text(&query, instance->instance_id);
    query_bind_text(&query, instance->token);
    query_bind_text(&query, instance->phone_home_token);
    query_bind_text(&query, instance->report_token);
    return query_finish(&query, error) && changed_one(store, error);
}

static bool set_number(struct store *store, enum statement statement, int64_t id, int64_t value,
                       struct error *error) {
    struct query query;
    if (!query_open(store, statement, &query, error))
        return false;
    query_bind_number(&query, id);
    query_bind_number(&query, value);
    return query_finish(&query, error) && changed_one(store, error);
}

bool instance_table_set_wanted(struct store *store, int64_t id, bool wanted, struct error *error) {
    return set_number(store, INSTANCE_SET_WANTED, id, wanted, error);
}

bool instance_table_set_holds_playbook(struct store *store, int64_t id, bool holds,
                                       struct error *error) {
    return set_number(store, INSTANCE_SET_HOLDS_PLAYBOOK, id, holds, error);
}

bool instance_table_set_machine(struct store *store, int64_t id, const char *machine,
                                struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_SET_MACHINE, &query, error))
        return false;
    query_bind_number(&query, id);
    query_bind_text(&query, machine);
    return query_finish(&query, error) && changed_one(store, error);
}

bool instance_table_set_disk(struct store *store, int64_t id, uint64_t bytes, struct error *error) {
    return set_number(store, INSTANCE_SET_DISK, id, (int64_t)bytes, error);
}

bool instance_table_remove(struct store *store, int64_t id, struct error *error) {
    struct query query;
    if (!query_open(store, INSTANCE_REMOVE, &query, error))
        return false;
    query_bind_number(&query, id);
    return query_finish(&query, error) && changed_one(store, error);
}

void store_instance_done(struct store_instance *instance) {
    free(instance->name);
    free(instance->instance_id);
    free(instance->uuid);
    free(instance->token);
    free(instance->phone_home_token);
    free(instance->report_token);
    free(instance->mac);
    free(instance->image);
    free(instance->arch);
    free(instance->ip4);
    free(instance->accel);
    free(instance->after);
    free(instance->machine);
    free(instance->groups);
    free(instance->variables);
    *instance = (struct store_instance){0};
}

void store_instances_done(struct store_instances *instances) {
    for (size_t i = 0; i < instances->count; i++)
        store_instance_done(&instances->items[i]);
    free(instances->items);
    *instances = (struct store_instances){0};
}
