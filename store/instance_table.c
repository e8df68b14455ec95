#include "instance_table.h"

#include "base/alloc.h"
#include "store/statement.h"

#include <stdlib.h>

#define SELECT                                                                                     \
    "SELECT instances.id, instances.name, instance_id, uuid, token, mac, images.name,"             \
    " images.arch, seed, ip4, accel, vcpu, ram_mib, disk_bytes, ssh_port, package_upgrade,"        \
    " autostart, restart, after, wanted, instances.created_ms"                                     \
    " FROM instances JOIN images ON images.id = instances.image "

enum { NEXT_ID, ADD, GET, GET_BY_TOKEN, LIST, UPDATE, SET_WANTED, REMOVE };
static const char *const sql[] = {
    /* sqlite_sequence holds the largest id ever given, also of rows that are gone */
    [NEXT_ID] =
        "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'instances'), 0) + 1",
    [ADD] =
        "INSERT INTO instances (id, name, instance_id, uuid, token, mac, image, seed, ip4, accel,"
        " vcpu, ram_mib, disk_bytes, ssh_port, package_upgrade, autostart, restart, after,"
        " wanted, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
        " (SELECT id FROM images WHERE name = ?7), ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
        " ?17, ?18, ?19, ?20)",
    [GET] = SELECT "WHERE instances.name = ?",
    [GET_BY_TOKEN] = SELECT "WHERE token = ?",
    [LIST] = SELECT "ORDER BY instances.name",
    [UPDATE] = "UPDATE instances SET name = ?2, seed = ?3, ip4 = ?4, accel = ?5, vcpu = ?6,"
               " ram_mib = ?7, disk_bytes = ?8, ssh_port = ?9, package_upgrade = ?10,"
               " autostart = ?11, restart = ?12, after = ?13 WHERE id = ?1 RETURNING id",
    [SET_WANTED] = "UPDATE instances SET wanted = ? WHERE id = ?",
    [REMOVE] = "DELETE FROM instances WHERE id = ?",
};

static struct store_instance read_row(sqlite3_stmt *row) {
    return (struct store_instance){
        .id = statement_number(row, 0),
        .name = statement_text(row, 1),
        .instance_id = statement_text(row, 2),
        .uuid = statement_text(row, 3),
        .token = statement_text(row, 4),
        .mac = statement_text(row, 5),
        .image = statement_text(row, 6),
        .arch = statement_text(row, 7),
        .seed = statement_text(row, 8),
        .ip4 = statement_text(row, 9),
        .accel = statement_text(row, 10),
        .vcpu = (uint64_t)statement_number(row, 11),
        .ram_mib = (uint64_t)statement_number(row, 12),
        .disk_bytes = (uint64_t)statement_number(row, 13),
        .ssh_port = (uint16_t)statement_number(row, 14),
        .package_upgrade = statement_number(row, 15) != 0,
        .autostart = statement_number(row, 16) != 0,
        .restart = statement_text(row, 17),
        .after = statement_text(row, 18),
        .wanted = statement_number(row, 19) != 0,
        .created_ms = statement_number(row, 20),
    };
}

bool instance_table_next_id(struct store *store, int64_t *id, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[NEXT_ID], error);
    bool good = row && statement_step(store, row, error) == STATEMENT_ROW;
    if (good)
        *id = statement_number(row, 0);
    statement_end(row);
    return good;
}

static const char *restart_or_no(const struct store_instance *instance) {
    return instance->restart ? instance->restart : "no";
}

bool instance_table_add(struct store *store, const struct store_instance *instance,
                        struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[ADD], error);
    if (!row)
        return false;
    const char *texts[] = {instance->name,  instance->instance_id, instance->uuid,
                           instance->token, instance->mac,         instance->image,
                           instance->seed,  instance->ip4,         instance->accel};
    int64_t numbers[] = {(int64_t)instance->vcpu,       (int64_t)instance->ram_mib,
                         (int64_t)instance->disk_bytes, instance->ssh_port,
                         instance->package_upgrade,     instance->autostart};
    statement_bind_number(row, 1, instance->id);
    for (int i = 0; i < 9; i++)
        statement_bind_text(row, 2 + i, texts[i]);
    for (int i = 0; i < 6; i++)
        statement_bind_number(row, 11 + i, numbers[i]);
    statement_bind_text(row, 17, restart_or_no(instance));
    statement_bind_text(row, 18, instance->after);
    statement_bind_number(row, 19, instance->wanted);
    statement_bind_number(row, 20, instance->created_ms);
    return statement_run(store, row, error);
}

static bool get(struct store *store, const char *text, const char *key,
                struct store_instance *instance, struct error *error) {
    sqlite3_stmt *row = statement_get(store, text, error);
    if (!row)
        return false;
    statement_bind_text(row, 1, key);
    enum statement_result result = statement_step(store, row, error);
    if (result == STATEMENT_ROW)
        *instance = read_row(row);
    else if (result == STATEMENT_DONE)
        error_set(error, ERROR_NOT_FOUND, "no instance \"%s\": `pgsup list` shows all", key);
    statement_end(row);
    return result == STATEMENT_ROW;
}

bool instance_table_get(struct store *store, const char *name, struct store_instance *instance,
                        struct error *error) {
    return get(store, sql[GET], name, instance, error);
}

bool instance_table_get_by_token(struct store *store, const char *token,
                                 struct store_instance *instance, struct error *error) {
    if (get(store, sql[GET_BY_TOKEN], token, instance, NULL))
        return true;
    return error_set(error, ERROR_NOT_FOUND,
                     "no instance has this seed path"); /* no secret shown */
}

bool instance_table_list(struct store *store, struct store_instances *instances,
                         struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[LIST], error);
    enum statement_result result = STATEMENT_FAILED;
    while (row && (result = statement_step(store, row, error)) == STATEMENT_ROW) {
        instances->items =
            alloc_resize(instances->items, (instances->count + 1) * sizeof *instances->items);
        instances->items[instances->count++] = read_row(row);
    }
    statement_end(row);
    return result == STATEMENT_DONE;
}

bool instance_table_update(struct store *store, const struct store_instance *instance,
                           struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[UPDATE], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, instance->id);
    statement_bind_text(row, 2, instance->name);
    statement_bind_text(row, 3, instance->seed);
    statement_bind_text(row, 4, instance->ip4);
    statement_bind_text(row, 5, instance->accel);
    statement_bind_number(row, 6, (int64_t)instance->vcpu);
    statement_bind_number(row, 7, (int64_t)instance->ram_mib);
    statement_bind_number(row, 8, (int64_t)instance->disk_bytes);
    statement_bind_number(row, 9, instance->ssh_port);
    statement_bind_number(row, 10, instance->package_upgrade);
    statement_bind_number(row, 11, instance->autostart);
    statement_bind_text(row, 12, restart_or_no(instance));
    statement_bind_text(row, 13, instance->after);
    enum statement_result result = statement_step(store, row, error);
    statement_end(row);
    if (result == STATEMENT_DONE)
        return error_set(error, ERROR_NOT_FOUND, "the instance \"%s\" is gone", instance->name);
    return result == STATEMENT_ROW;
}

bool instance_table_set_wanted(struct store *store, int64_t id, bool wanted, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[SET_WANTED], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, wanted);
    statement_bind_number(row, 2, id);
    return statement_run(store, row, error);
}

bool instance_table_remove(struct store *store, int64_t id, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[REMOVE], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, id);
    return statement_run(store, row, error);
}

void store_instance_done(struct store_instance *instance) {
    free(instance->name);
    free(instance->instance_id);
    free(instance->uuid);
    free(instance->token);
    free(instance->mac);
    free(instance->image);
    free(instance->arch);
    free(instance->seed);
    free(instance->ip4);
    free(instance->accel);
    free(instance->restart);
    free(instance->after);
    *instance = (struct store_instance){0};
}

void store_instances_done(struct store_instances *instances) {
    for (size_t i = 0; i < instances->count; i++)
        store_instance_done(&instances->items[i]);
    free(instances->items);
    *instances = (struct store_instances){0};
}
